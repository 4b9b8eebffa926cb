/**
 * Control characters, line separators, marks that reorder text and lone surrogates: what could forge a second line in a
 * log, move a terminal's cursor, or make a name read as another one.
 */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/** Text from outside (a client, a backend, the environment) made fit for one line of a log or a terminal. */
export function printable(text: string, longest = 200): string {
  const kept = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return kept.replace(UNPRINTABLE, "\ufffd");
}

/** A URL without what may be secret in it: user, password, query. */
export function printableUrl(url: string): string {
  if (!URL.canParse(url)) return "(not a URL)";
  const { protocol, host, pathname } = new URL(url);
  return printable(`${protocol}//${host}${pathname === "/" ? "" : pathname}`);
}
