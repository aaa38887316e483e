// The fields that Safelight adds to every photo, shown in the Metadata panel and found by filters and smart collections. Lightroom keeps this
// in the catalog by schemaVersion: a field that is added, dropped or changed needs the next number, or Lightroom does not look again.

export = {
  metadataFieldsForPhotos: [
    {
      id: 'backup',
      title: 'Backup',
      dataType: 'string',
      readOnly: true,
      searchable: true,
      browsable: true,
      version: 1,
    },
    {
      id: 'provenOn',
      title: 'Proven on',
      dataType: 'string',
      readOnly: true,
      searchable: true,
      browsable: true,
      version: 1,
    },
  ],
  schemaVersion: 1,
}
