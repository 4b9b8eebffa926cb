import type { ChainKind } from "./chain.ts";

/**
 * ChatML with tool calls in the manner of the Hermes models: the Jinja template that a chain's file carries. Tools are
 * listed in the system turn, a call is JSON between `<tool_call>` marks, results come back in a user turn.
 */
export function chatTemplate(kind: ChainKind): string {
  return [...SYSTEM_TURN, ...turns(kind), ...assistantStart(kind)].join("\n");
}

/** A statement and a printed expression, both without the white space around them. */
const run = (statement: string) => `{%- ${statement} -%}`;
const print = (parts: TemplateStringsArray) => `{{- ${parts.raw.join("")} -}}`;

const SYSTEM_TURN = [
  run("set told = messages[0].content if messages and messages[0].role == 'system' else ''"),
  run("if tools"),
  print`'<|im_start|>system\n' + told + ('\n\n' if told else '')`,
  print`'You can call these tools, described by JSON in <tools></tools>:\n<tools>'`,
  run("for tool in tools"),
  print`'\n' + (tool | tojson)`,
  run("endfor"),
  print`'\n</tools>\nTo call one, write its name and arguments as JSON in <tool_call></tool_call>:\n'`,
  print`'<tool_call>\n{"name": <name>, "arguments": <object>}\n</tool_call><|im_end|>\n'`,
  run("elif told"),
  print`'<|im_start|>system\n' + told + '<|im_end|>\n'`,
  run("endif"),
];

const CALLS = [
  run("for call in message.tool_calls"),
  run("set called = call.function if call.function else call"),
  print`'' if loop.first and not message.content else '\n'`,
  print`'<tool_call>\n{"name": "' + called.name + '", "arguments": '`,
  print`called.arguments if called.arguments is string else (called.arguments | tojson)`,
  print`'}\n</tool_call>'`,
  run("endfor"),
];

function turns(kind: ChainKind): string[] {
  return [
    run("for message in messages"),
    run("if message.role == 'assistant'"),
    ...assistantTurn(kind),
    run("elif message.role == 'tool'"),
    print`'<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n'`,
    run("elif not (loop.first and message.role == 'system')"),
    print`'<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n'`,
    run("endif"),
    run("endfor"),
  ];
}

/** llama-server takes any template that shows a reasoning's place for one of a model that reasons. */
function assistantTurn(kind: ChainKind): string[] {
  const reasoning = [
    run("if message.reasoning_content"),
    print`'<think>' + message.reasoning_content + '</think>\n\n'`,
    run("endif"),
  ];
  return [
    print`'<|im_start|>assistant\n'`,
    ...(kind === "think" ? reasoning : []),
    run("if message.content"),
    print`message.content`,
    run("endif"),
    run("if message.tool_calls"),
    ...CALLS,
    run("endif"),
    print`'<|im_end|>\n'`,
  ];
}

/** The empty line that makes a chain answer at once stands where there is nothing to think about or to call. */
function assistantStart(kind: ChainKind): string[] {
  const more = {
    chat: [],
    think: [
      run("if enable_thinking is defined and not enable_thinking"),
      print`'<think></think>\n\n'`,
      run("endif"),
    ],
    tool: [run("if not tools or messages[-1].role == 'tool'"), print`'\n'`, run("endif")],
  };
  return [run("if add_generation_prompt"), print`'<|im_start|>assistant\n'`, ...more[kind], run("endif")];
}
