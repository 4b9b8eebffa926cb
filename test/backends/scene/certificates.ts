import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";

/** Whether certificates can be made here. */
export const OPENSSL = Bun.which("openssl") !== null;

export interface Certificate {
  /** PEM. */
  key: string;
  cert: string;
  /** Base64 SHA-256 of the public key, computed by openssl, not by us. */
  pin: string;
}

export interface Certificates {
  /** The authority that signed all but `self` and `expired`. */
  ca: string;
  localhost: Certificate;
  /** For another name. */
  elsewhere: Certificate;
  /** For the address 127.0.0.1. */
  address: Certificate;
  /** Signed by itself. Its key is of RSA; all others are elliptic, because those are made in no time. */
  self: Certificate;
  /** Signed by itself, valid until the year 2020. */
  expired: Certificate;
}

const RSA = ["-newkey", "rsa:2048"];
const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** Made anew in a folder that is gone afterwards: no key is ever part of the repository. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-tls-"));
  const run = (line: string, ...more: string[]): Buffer => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["openssl", ...line.split(" "), ...more], {
      cwd: folder,
    });
    if (exitCode !== 0) throw new Error(`openssl ${line}: ${stderr.toString()}`);
    return stdout;
  };
  const read = (name: string): Certificate => {
    const spki = run(`pkey -in ${name}.key -pubout -outform der`);
    return {
      key: readFileSync(join(folder, `${name}.key`), "utf8"),
      cert: readFileSync(join(folder, `${name}.pem`), "utf8"),
      pin: createHash("sha256").update(spki).digest("base64"),
    };
  };
  const selfSigned = (name: string, kind: readonly string[]): void => {
    run(
      `req -x509 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost`,
      ...kind,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
    );
  };
  const signed = (name: string, subject: string): Certificate => {
    run(`req -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`, ...EC);
    writeFileSync(join(folder, "ext"), `subjectAltName=${subject}\n`);
    run(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out ${name}.pem`,
    );
    return read(name);
  };
  try {
    selfSigned("ca", EC);
    selfSigned("self", RSA);
    expire(folder, run);
    return {
      ca: readFileSync(join(folder, "ca.pem"), "utf8"),
      localhost: signed("localhost", "DNS:localhost"),
      elsewhere: signed("elsewhere", "DNS:elsewhere.test"),
      address: signed("address", "IP:127.0.0.1"),
      self: read("self"),
      expired: read("expired"),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `openssl ca` is the one command of version 3.0 that takes dates of the past. */
function expire(folder: string, run: (line: string, ...more: string[]) => Buffer): void {
  const config = [
    "[ca]",
    "default_ca=a",
    "[a]",
    "database=index",
    "serial=serial",
    "new_certs_dir=.",
    "default_md=sha256",
    "policy=p",
    "x509_extensions=x",
    "[p]",
    "commonName=supplied",
    "[x]",
    "subjectAltName=DNS:localhost",
  ];
  writeFileSync(join(folder, "ca.cnf"), config.join("\n"));
  writeFileSync(join(folder, "index"), "");
  writeFileSync(join(folder, "serial"), "01");
  run("req -nodes -subj /CN=localhost -keyout expired.key -out expired.csr", ...EC);
  run(
    "ca -config ca.cnf -batch -notext -selfsign -keyfile expired.key -in expired.csr -out expired.pem -startdate 20190101000000Z -enddate 20200101000000Z",
  );
}

export interface TlsUpstream extends Disposable {
  readonly port: number;
  /** Decrypted bytes of requests, over all connections. */
  readonly received: number;
  /** The server names that clients asked for, one per connection; undefined: none. */
  readonly names: readonly (string | undefined)[];
}

/** Answers every read of a request with `answer`. */
export async function startTlsUpstream(
  { key, cert }: Certificate,
  answer: (socket: TLSSocket) => void,
): Promise<TlsUpstream> {
  let received = 0;
  const names: (string | undefined)[] = [];
  const server = createServer({ key, cert }, (socket) => {
    names.push(typeof socket.servername === "string" ? socket.servername : undefined);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      received += bytes.length;
      answer(socket);
    });
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    get received() {
      return received;
    },
    names,
    [Symbol.dispose]: () => void server.close(),
  };
}
