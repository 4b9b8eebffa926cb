import type { Part, Prompt, Tool } from "./prompt.ts";

/** English text has about four characters a token, code and JSON fewer; too high a guess is the safer mistake. */
const CHARACTERS_PER_TOKEN = 3.5;
/** What a chat template adds around a message, a call or a tool. */
const TOKENS_AROUND = 4;
/** What Anthropic counts for the largest picture it does not shrink. */
const TOKENS_PER_MEDIA = 1600;

/** A guess at the tokens of a prompt, for backends that do not count them. */
export function estimateTokens({ items, tools }: Prompt): number {
  const counted = new Counted();
  for (const item of items) {
    counted.around();
    if (item.type === "message" || item.type === "result") counted.parts(item.parts);
    else if (item.type === "reasoning") counted.text(item.text);
    else counted.text(item.name + item.args);
  }
  for (const tool of tools) {
    counted.around();
    counted.text(toolText(tool));
  }
  return counted.tokens;
}

class Counted {
  #characters = 0;
  #tokens = 0;

  get tokens(): number {
    return this.#tokens + Math.ceil(this.#characters / CHARACTERS_PER_TOKEN);
  }

  around(): void {
    this.#tokens += TOKENS_AROUND;
  }

  text(text: string): void {
    this.#characters += text.length;
  }

  parts(parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.type === "text" || part.type === "refusal") this.text(part.text);
      else this.#tokens += TOKENS_PER_MEDIA;
    }
  }
}

function toolText(tool: Tool): string {
  if (tool.type === "hosted") return tool.name;
  const shape = tool.type === "function" ? tool.parameters : tool.format;
  return `${tool.name}${tool.description ?? ""}${shape ? JSON.stringify(shape) : ""}`;
}
