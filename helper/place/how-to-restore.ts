// The page that lies on every drive, for the day when Safelight is gone. Its commands are run by a test.

/** From inside the folder that holds `Catalogs/`. */
export const UNPACK_A_CATALOG = `     gunzip --keep --stdout "Catalogs/<catalog>/<date>/<catalog>.lrcat.gz" > "/where/you/want/it/<catalog>.lrcat"

   If there is a file <catalog>.lrcat-wal beside it, it belongs to this very backup: put it next to the .lrcat.
   So does a <catalog>.lrcat-journal. Any other -wal, -shm or -journal where you put it must go before you open it.
   If catalog.json in the same folder has a list "data", these files belong into the folder <catalog>.lrcat-data
   beside the .lrcat. For each of them, with its "storedAs" and its "name":

     mkdir -p "/where/you/want/it/<catalog>.lrcat-data"
     cp -p "Catalogs/<catalog>/<storedAs>" "/where/you/want/it/<catalog>.lrcat-data/<name>"

   "verdict" in catalog.json says what was found when this backup was opened: good, suspect or bad.
`

export const HOW_TO_RESTORE = `HOW TO GET YOUR PICTURES BACK WITHOUT SAFELIGHT

Everything here is plain files. Nothing is packed, renamed or encrypted.

  Photos/<shoot>/            your pictures, with the names, folders and dates they had
  Photos/<shoot>/Versions/   earlier contents of files that changed, by date
  Photos/<shoot>/Quarantine/ copies that were found damaged and replaced; kept, just in case
  Photos/<shoot>/safelight.b3           the fingerprint (BLAKE3) of every file in that folder
  Photos/<shoot>/safelight-log.jsonl    what was copied and checked, when and how
  Catalogs/<catalog>/<date>/            backups of your Lightroom catalog

1. TO GET A SHOOT BACK
   Copy its folder to your computer with the Finder or the Explorer. In a terminal:

     cp -Rp "Photos/<shoot>" /where/you/want/it

2. TO BE SURE THAT EVERY FILE IS RIGHT
   Install b3sum (Debian and Ubuntu: apt install b3sum; macOS: brew install b3sum; Windows: winget install b3sum).
   Then, inside the folder that you copied:

     cd "/where/you/want/it/<shoot>"
     b3sum --check safelight.b3

   Every line must end with OK. Each subfolder has a safelight.b3 of its own; check them one by one. A file that is
   reported as FAILED is damaged: fetch it from another of your copies.

3. TO GET AN EARLIER CONTENT OF A FILE BACK
   Look in Versions/ beside it. The folder's name is the date and time (UTC) at which that content was set aside.

4. TO GET A LIGHTROOM CATALOG BACK
   Unpack it, put it where you want it, and open it with Lightroom:

${UNPACK_A_CATALOG}
5. WITH SAFELIGHT ON A NEW COMPUTER
     safelight rebuild --from /path/to/this/drive
   and everything on this drive is known again.
`
