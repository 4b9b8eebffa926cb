import type { JsonRecord } from "../core/json.ts";
import type { Usage } from "../core/usage.ts";

/** Says in the answer itself, whatever its dialect, that its token counts are ours. */
export function usageMark({ estimated }: Pick<Usage, "estimated">): JsonRecord {
  return estimated ? { x_fairlead: { usage: "estimated" } } : {};
}
