import type { Registry } from "../../backends/registry.ts";
import { Failure } from "../../core/failure.ts";
import type { ListedModel } from "../../core/model.ts";
import type { Resolver } from "../../pipeline/resolve.ts";

/** What tells which models there are. */
export interface Shelves {
  registry: Registry;
  resolver: Resolver;
}

const TAG = ":latest";

/**
 * The name here of what an Ollama client asks for: to it `name` and `name:latest` are one, and it may ask for either,
 * whichever was listed. A name that is known as it stands means itself.
 */
export function nameHere(name: string, shelves: Shelves): string {
  if (name === "" || isListed(name, shelves)) return name;
  const other = name.endsWith(TAG) ? name.slice(0, -TAG.length) : name + TAG;
  return isListed(other, shelves) ? other : name;
}

/** What `ask` brings; a model that is not there is told in the words that Ollama's clients look for. */
export async function inOllamasWords<T>(name: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    // With a status it is a backend's own word, and says more.
    const ours = thrown instanceof Failure && thrown.code === "model_not_found" && !thrown.detail.status;
    if (!ours) throw thrown;
    throw new Failure("model_not_found", `model '${name.slice(0, 200)}' not found: ${thrown.message}`, {
      ...thrown.detail,
    });
  }
}

/** Models that are in memory, or need no loading, at backends that can be asked. */
export function running({ registry, resolver }: Shelves): ListedModel[] {
  return resolver.list().filter(({ loaded, backend }) => {
    const isUp = backend !== undefined && registry.find(backend)?.isUp === true;
    return isUp && loaded !== false;
  });
}

/** `backend/id` is forwarded whatever it names, so of that only the backend's list tells. */
function isListed(name: string, { registry, resolver }: Shelves): boolean {
  const slash = name.indexOf("/");
  const backend = slash < 1 ? undefined : registry.find(name.slice(0, slash));
  return backend === undefined ? resolver.knows(name) : backend.models.has(name.slice(slash + 1));
}
