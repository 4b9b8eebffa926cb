/** The word for how hard to think that is nearest to a budget of tokens; Google's own OpenAI route draws the lines near here. */
export function effortFor(budget: number): "low" | "medium" | "high" {
  if (budget <= 4096) return "low";
  return budget <= 16_384 ? "medium" : "high";
}
