/**
 * Work that one schema may cause, in steps of very roughly 0.1 to 1 us. Schemas come from clients, and a short one can
 * describe endless work.
 */
export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** False once there is nothing left; then everybody gives up. */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left > 0;
  }
}
