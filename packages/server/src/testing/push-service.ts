import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { AddPushSubscription, PushMessage } from "@bureau/protocol";

/** What a push service was given. */
export interface ReceivedPush {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface PushAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A push service on loopback: keeps what it is sent, and answers what a test says. */
export async function startPushService() {
  const received: ReceivedPush[] = [];
  const waiting: ((push: ReceivedPush) => void)[] = [];
  let next = 0;
  let answer: (push: ReceivedPush) => PushAnswer | Promise<PushAnswer> = () => ({ status: 201 });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const push = { path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) };
      received.push(push);
      const { status, headers = {}, body = "" } = await answer(push);
      response.writeHead(status, headers).end(body);
      waiting.shift()?.(push);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    origin: `http://${host}`,
    received,
    setAnswer(given: typeof answer): void {
      answer = given;
    },
    /** The oldest that was not yet asked for; waits for one to come. */
    async take(): Promise<ReceivedPush> {
      while (next >= received.length) await new Promise<ReceivedPush>((resolve) => waiting.push(resolve));
      next += 1;
      return received[next - 1]!;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A browser's side of a subscription: makes the keys, and reads what is sent to them as RFC 8291 has it. */
export function createTestBrowser(origin: string, path = `/push/${randomBytes(12).toString("base64url")}`) {
  const keys = createECDH("prime256v1");
  keys.generateKeys();
  const auth = randomBytes(16);
  const subscription = {
    endpoint: `${origin}${path}`,
    keys: { p256dh: keys.getPublicKey().toString("base64url"), auth: auth.toString("base64url") },
  } satisfies Partial<AddPushSubscription>;
  return {
    path,
    subscription,
    read: (push: ReceivedPush): PushMessage => JSON.parse(decrypt(push.body).toString("utf8")) as PushMessage,
  };

  function decrypt(body: Buffer): Buffer {
    const salt = body.subarray(0, 16);
    const recordSize = body.readUInt32BE(16);
    const idLength = body[20]!;
    const serverKey = body.subarray(21, 21 + idLength);
    const record = body.subarray(21 + idLength);
    if (record.length > recordSize) throw new Error("It has more than one record.");
    const info = Buffer.concat([Buffer.from("WebPush: info\0"), keys.getPublicKey(), serverKey]);
    const secret = Buffer.from(hkdfSync("sha256", keys.computeSecret(serverKey), auth, info, 32));
    const derive = (label: string, length: number) =>
      Buffer.from(hkdfSync("sha256", secret, salt, Buffer.from(`Content-Encoding: ${label}\0`), length));
    const decipher = createDecipheriv("aes-128-gcm", derive("aes128gcm", 16), derive("nonce", 12));
    decipher.setAuthTag(record.subarray(-16));
    const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
    const end = padded.lastIndexOf(2);
    if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0))
      throw new Error("The last record is not marked.");
    return padded.subarray(0, end);
  }
}

/** What a push says of who sends it, once the signature is found to be right (RFC 8292). Throws when it is not. */
export function readVapid(push: ReceivedPush): {
  publicKey: string;
  claims: { aud: string; exp: number; sub: string };
} {
  const [, token = "", publicKey = ""] = /^vapid t=([^,]+), k=(.+)$/.exec(push.headers.authorization ?? "") ?? [];
  const [header = "", claims = "", signature = ""] = token.split(".");
  const point = Buffer.from(publicKey, "base64url");
  const key = createPublicKey({
    key: {
      kty: "EC",
      crv: "P-256",
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
    },
    format: "jwk",
  });
  const isRight = verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  if (!isRight) throw new Error("The signature is not right.");
  return { publicKey, claims: JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) };
}
