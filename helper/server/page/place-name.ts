// What a place is called on this page: by its own name, and the originals by what they are.
export function nameOf(place: string): string {
  return place === 'working' ? 'Originals' : place
}
