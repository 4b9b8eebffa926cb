/** Seconds after which an idle connection is closed; the longest the runtime knows, 0 would be for ever. */
export const IDLE_SECONDS = 255;
