import type { Backend } from "../backends/backend.ts";

/** How a model's text begins: `opened` in thoughts whose first tag stands in the prompt, `plain` in words or a tag. */
export type ThinkHabit = "unknown" | "opened" | "plain";

/** Models remembered of one backend: a bound for hosts with any number of names. */
const MODELS_MAX = 1000;

/** What the answers of each model have shown. */
export class ThinkHabits {
  readonly #backends = new WeakMap<Backend, Map<string, ThinkHabit>>();

  of(backend: Backend, model: string): ThinkHabit {
    return this.#backends.get(backend)?.get(model) ?? "unknown";
  }

  /** One that thinks when asked to also answers without: once seen, its thoughts are always looked for. */
  learn(backend: Backend, model: string, habit: ThinkHabit): void {
    const models = this.#backends.get(backend) ?? new Map<string, ThinkHabit>();
    this.#backends.set(backend, models);
    if (models.get(model) === "opened") return;
    if (models.size >= MODELS_MAX && !models.has(model)) models.clear();
    models.set(model, habit);
  }
}
