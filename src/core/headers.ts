/** Headers that frame a message on its connection: whoever sends it sets them, and a second opinion would break it. */
export const FRAMING_HEADERS = [
  "connection",
  "content-length",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;
