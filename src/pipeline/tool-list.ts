import { dropped, emulated, type Note, renamed } from "../core/note.ts";
import type { CustomTool, FunctionTool, Prompt, Tool, ToolChoice } from "../core/prompt.ts";
import type { Named, Naming } from "./naming.ts";

/** The one parameter of a function that stands for a custom tool. */
export const INPUT = "input";

/** The names of all tools that have one. */
export function namesOf(tools: readonly Tool[]): Named[] {
  return tools.filter((tool) => tool.type !== "hosted").map(named);
}

/** The tools as the backend is told of them; the same objects where nothing is to be changed. */
export function sentTools(tools: readonly Tool[], naming: Naming): Tool[] {
  return tools.map((tool) => {
    if (tool.type === "hosted") return tool;
    const { name, namespace, kind } = naming.sentAs(named(tool));
    if (name === tool.name && namespace === tool.namespace && kind === tool.type) return tool;
    const { namespace: _, ...rest } = tool.type === kind ? tool : asFunction(tool);
    return { ...rest, name, ...(namespace === undefined ? {} : { namespace }) };
  });
}

/** Says which tools are told in another form, and which not at all. */
export function noteTools(tools: readonly Tool[], sent: readonly Tool[], notes: Note[]): void {
  const sentTo = new Map(sent.map((tool) => [tool.at, tool]));
  const names: Note[] = [];
  for (const tool of tools) {
    const other = sentTo.get(tool.at);
    if (!other) notes.push(dropped(tool.at, `: only its vendor's own servers run ${tool.name}`));
    else if (other.type !== tool.type)
      notes.push(emulated(tool.at, ": sent as a function whose one argument is the text"));
    else if (other.name !== tool.name) names.push(renamed(tool.at, other.name));
  }
  // Clients that use namespaces have dozens of such tools: one note is enough.
  const [first, ...more] = names;
  if (first && more.length > 0)
    notes.push({ ...first, message: `${first.message}, and others in the same way` });
  else if (first) notes.push(first);
}

/**
 * The choice among the tools under the names that the backend knows them by. One of what the backend is not told of is
 * dropped, with a note where the client insisted; one of what never was among the tools is left for the adapter to refuse.
 */
export function sentChoice(
  prompt: Prompt,
  sent: { tools: readonly Tool[]; naming: Naming },
  notes: Note[],
): Pick<Prompt, "toolChoice"> {
  const { toolChoice: choice, tools } = prompt;
  if (!choice || tools.length === 0) return choice ? { toolChoice: choice } : {};
  const toolChoice = sent.tools.length === 0 ? noneOf(choice) : chosen(choice, prompt, sent);
  if (toolChoice) return { toolChoice };
  notes.push(dropped("tool_choice", ": the backend is not told of that tool"));
  return {};
}

/** With nothing to choose from: undefined where the client insists on a call. */
function noneOf(choice: ToolChoice): ToolChoice | undefined {
  const insists = choice.mode === "named" || choice.mode === "required";
  return insists || (choice.mode === "allowed" && choice.required) ? undefined : { mode: "none" };
}

function chosen(
  choice: ToolChoice,
  prompt: Prompt,
  { tools, naming }: { tools: readonly Tool[]; naming: Naming },
): ToolChoice | undefined {
  const isHosted = (list: readonly Tool[], name: string) =>
    list.some((tool) => tool.type === "hosted" && tool.name === name);
  const sentAs = (name: string, namespace?: string): Pick<Named, "name" | "namespace">[] => {
    const found = naming.sentFor(name, namespace);
    return found.length > 0 || !isHosted(tools, name) ? found : [{ name }];
  };
  if (choice.mode === "named") {
    const [sent] = sentAs(choice.name, choice.namespace);
    if (!sent) return isHosted(prompt.tools, choice.name) ? undefined : choice;
    const { name, namespace } = sent;
    return { mode: "named", name, ...(namespace === undefined ? {} : { namespace }) };
  }
  if (choice.mode !== "allowed") return choice;
  const names = choice.names.flatMap((name) => sentAs(name).map((sent) => sent.name));
  if (names.length > 0) return { ...choice, names };
  return choice.names.some((name) => isHosted(prompt.tools, name)) ? noneOf(choice) : choice;
}

function named(tool: FunctionTool | CustomTool): Named {
  const { name, namespace, type: kind } = tool;
  return { name, kind, ...(namespace === undefined ? {} : { namespace }) };
}

function asFunction(tool: FunctionTool | CustomTool): FunctionTool {
  if (tool.type === "function") return tool;
  const { name, namespace, description, format, at } = tool;
  const about = [description, rule(format)].filter((text) => text !== undefined && text !== "");
  const property = { type: "string", description: "The whole input of this tool, as free text." };
  return {
    type: "function",
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(about.length > 0 ? { description: about.join("\n\n") } : {}),
    parameters: {
      type: "object",
      properties: { [INPUT]: property },
      required: [INPUT],
      additionalProperties: false,
    },
    at,
  };
}

/** OpenAI holds the model to the grammar; here it can only be told of it. */
function rule(format: CustomTool["format"]): string | undefined {
  if (format?.type !== "grammar" || typeof format.definition !== "string") return undefined;
  const syntax = typeof format.syntax === "string" ? ` (${format.syntax})` : "";
  return `The text in \`${INPUT}\` must follow this grammar${syntax}:\n${format.definition}`;
}
