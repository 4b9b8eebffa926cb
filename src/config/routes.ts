import { Refusal } from "./problems.ts";

/** A custom endpoint's path: plain segments and `:name` parameters. */
export function parseRoutePath(text: string): string | Refusal {
  if (!text.startsWith("/"))
    return new Refusal('a path starts with "/"', oneLine(text) && `write "/${text}"`);
  if (text.includes("//")) return new Refusal('a path may not hold "//"');
  if (/[?#]/.test(text)) return new Refusal("a path may not hold a query (?) or a fragment (#)");
  if (text.includes("*")) return new Refusal('a path may not hold "*"', "a :name stands for one segment");
  if (!/^[A-Za-z0-9._~!$&'()+,;=:@/-]+$/.test(text)) {
    return new Refusal("a path may not hold spaces, % or letters beyond ASCII");
  }
  const names = new Set<string>();
  for (const segment of segments(text)) {
    // A client resolves these before it sends the request.
    if (segment === "." || segment === "..") return new Refusal('a path may not hold "." or ".." segments');
    if (!segment.includes(":")) continue;
    if (!/^:[A-Za-z_][A-Za-z0-9_]*$/.test(segment)) {
      return new Refusal("a parameter is a whole segment", "for example /things/:id");
    }
    if (names.has(segment)) return new Refusal(`the parameter "${segment}" stands here twice`);
    names.add(segment);
  }
  return text;
}

/** Is there an address that both paths answer? `:name` stands for one segment, a final `*` for one or more. */
export function overlaps(a: string, b: string): boolean {
  const left = segments(a);
  const right = segments(b);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined || other === undefined) return false;
    if (one === "*" || other === "*") return true;
    if (one !== other && !one.startsWith(":") && !other.startsWith(":")) return false;
  }
  return true;
}

/** What two endpoints may not have in common: the names of parameters make no difference to a router, nor a `/` at the end. */
export function routeShape(path: string): string {
  return `/${segments(path)
    .map((segment) => (segment.startsWith(":") ? ":" : segment))
    .join("/")}`;
}

function segments(path: string): string[] {
  return path.replace(/\/$/, "").split("/").slice(1);
}

function oneLine(text: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(text) ? text : undefined;
}
