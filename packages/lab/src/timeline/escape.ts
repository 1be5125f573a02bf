/** Everything a history says is text from elsewhere; it reaches the page only through here. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Safe in element content and in quoted attributes. Control characters, which neither may hold, become U+FFFD. */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
