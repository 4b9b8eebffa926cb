import type { JsonRecord } from "../core/json.ts";
import type {
  CallItem,
  Item,
  MediaPart,
  MessageItem,
  Part,
  Prompt,
  ResultItem,
  Tool,
} from "../core/prompt.ts";

/** A conversation as Responses takes it. What stands first and is said by nobody in it are the instructions. */
export function writeInput(items: readonly Item[]): JsonRecord {
  const first = items.findIndex((item) => item.type !== "message" || item.role !== "system");
  const leading = first === -1 ? items : items.slice(0, first);
  const instructions = leading
    .map((item) => (item.type === "message" ? textOf(item.parts) : ""))
    .join("\n\n");
  const input = items.slice(leading.length).flatMap(writeItem);
  return {
    ...(instructions === "" ? {} : { instructions }),
    // A request must have something to answer.
    input: input.length > 0 ? input : [{ type: "message", role: "user", content: [] }],
  };
}

function writeItem(item: Item): JsonRecord[] {
  switch (item.type) {
    case "message":
      return [writeMessage(item)];
    case "call":
      return [writeCall(item)];
    case "result":
      return [writeResult(item)];
    case "reasoning": {
      // Only what the vendor sealed itself: it refuses thoughts that it cannot check.
      const own = item.opaque.find(
        ({ issuer, kind }) => issuer === "openai-responses" && kind === "encrypted",
      );
      if (!own) return [];
      const summary = item.text === "" ? [] : [{ type: "summary_text", text: item.text }];
      const { id } = item;
      return [{ type: "reasoning", ...(id ? { id } : {}), summary, encrypted_content: own.data }];
    }
  }
}

function writeMessage({ role, parts }: MessageItem): JsonRecord {
  if (role === "assistant") return { type: "message", role, content: parts.flatMap(writeSaid) };
  return {
    type: "message",
    role: role === "system" ? "developer" : role,
    content: parts.map(writePart),
  };
}

/** What the model said before. */
function writeSaid(part: Part): JsonRecord[] {
  if (part.type === "text") return [{ type: "output_text", text: part.text, annotations: [] }];
  return part.type === "refusal" ? [{ type: "refusal", refusal: part.text }] : [];
}

function writePart(part: Part): JsonRecord {
  switch (part.type) {
    case "text":
    case "refusal":
      return { type: "input_text", text: part.text };
    case "image":
      return { type: "input_image", ...imageSource(part), detail: part.detail ?? "auto" };
    case "audio":
      return { type: "input_audio", input_audio: { data: dataOf(part), format: part.mime.split("/")[1] } };
    case "file":
      return { type: "input_file", ...(part.name ? { filename: part.name } : {}), ...fileSource(part) };
  }
}

function imageSource({ source, mime }: MediaPart): JsonRecord {
  if ("fileId" in source) return { file_id: source.fileId };
  return { image_url: "url" in source ? source.url : `data:${mime};base64,${source.base64}` };
}

function fileSource({ source, mime, name }: MediaPart): JsonRecord {
  if ("fileId" in source) return { file_id: source.fileId };
  if ("url" in source) return { file_url: source.url };
  return { filename: name ?? "document", file_data: `data:${mime};base64,${source.base64}` };
}

function dataOf({ source }: MediaPart): string {
  return "base64" in source ? source.base64 : "";
}

function writeCall({ id, name, namespace, kind, args }: CallItem): JsonRecord {
  if (kind === "custom") return { type: "custom_tool_call", call_id: id, name, input: args };
  const inside = namespace === undefined ? {} : { namespace };
  return { type: "function_call", call_id: id, name, ...inside, arguments: args === "" ? "{}" : args };
}

function writeResult({ id, kind, parts }: ResultItem): JsonRecord {
  const words = parts.every(({ type }) => type === "text");
  const type = kind === "custom" ? "custom_tool_call_output" : "function_call_output";
  return { type, call_id: id, output: words ? textOf(parts) : parts.map(writePart) };
}

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Tools; those of one namespace together. */
export function writeTools(tools: readonly Tool[]): JsonRecord {
  const written: JsonRecord[] = [];
  const groups = new Map<string, JsonRecord[]>();
  for (const tool of tools) {
    const namespace = tool.type === "hosted" ? undefined : tool.namespace;
    if (namespace === undefined) written.push(writeTool(tool));
    else if (groups.has(namespace)) groups.get(namespace)?.push(writeTool(tool));
    else {
      const group = [writeTool(tool)];
      groups.set(namespace, group);
      written.push({ type: "namespace", name: namespace, tools: group });
    }
  }
  return written.length > 0 ? { tools: written } : {};
}

function writeTool(tool: Tool): JsonRecord {
  if (tool.type === "hosted") return tool.value;
  const { name, description } = tool;
  const said = description === undefined ? {} : { description };
  if (tool.type === "custom")
    return { type: "custom", name, ...said, ...(tool.format ? { format: tool.format } : {}) };
  const parameters = tool.parameters ?? { type: "object", properties: {} };
  // Absent means strict here, and not in chat: a schema that was never meant so would be refused.
  return { type: "function", name, ...said, parameters, strict: tool.strict ?? false };
}

/** The tool choice; without tools there is nothing to choose. */
export function writeToolChoice({ tools, toolChoice: choice }: Prompt): JsonRecord {
  if (choice === undefined || tools.length === 0) return {};
  const typeOf = (name: string) =>
    tools.some((tool) => tool.type === "custom" && tool.name === name) ? "custom" : "function";
  if (choice.mode === "named") return { tool_choice: { type: typeOf(choice.name), name: choice.name } };
  if (choice.mode !== "allowed") return { tool_choice: choice.mode };
  return {
    tool_choice: {
      type: "allowed_tools",
      mode: choice.required ? "required" : "auto",
      tools: choice.names.map((name) => ({ type: typeOf(name), name })),
    },
  };
}
