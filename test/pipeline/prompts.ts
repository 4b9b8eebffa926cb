import type {
  CallItem,
  CustomTool,
  FunctionTool,
  HostedTool,
  MessageItem,
  Prompt,
  ReasoningItem,
  ResultItem,
} from "../../src/core/prompt.ts";

/** A prompt with nothing in it but what the test says. */
export function promptOf(parts: Partial<Prompt> = {}): Prompt {
  return {
    items: [],
    tools: [],
    sampling: {},
    format: { type: "text" },
    reasoning: {},
    notes: [],
    ...parts,
  };
}

export function says(role: MessageItem["role"], text: string): MessageItem {
  return { type: "message", role, parts: [{ type: "text", text }], at: "messages[0]" };
}

export function thinks(parts: Partial<ReasoningItem> = {}): ReasoningItem {
  return { type: "reasoning", text: "", opaque: [], at: "messages[1]", ...parts };
}

export function calls(parts: Partial<CallItem> = {}): CallItem {
  return {
    type: "call",
    id: "c1",
    name: "now",
    kind: "function",
    args: "{}",
    opaque: [],
    at: "messages[1].tool_calls[0]",
    ...parts,
  };
}

export function answers(parts: Partial<ResultItem> = {}): ResultItem {
  return {
    type: "result",
    id: "c1",
    parts: [{ type: "text", text: "ok" }],
    isError: false,
    kind: "function",
    at: "messages[2]",
    ...parts,
  };
}

export function functionTool(name: string, parts: Partial<FunctionTool> = {}): FunctionTool {
  return { type: "function", name, parameters: { type: "object" }, at: `tools.${name}`, ...parts };
}

export function customTool(name: string, parts: Partial<CustomTool> = {}): CustomTool {
  return { type: "custom", name, at: `tools.${name}`, ...parts };
}

export function hostedTool(name: string, dialect: HostedTool["dialect"]): HostedTool {
  return { type: "hosted", name, dialect, value: { type: name }, at: `tools.${name}` };
}
