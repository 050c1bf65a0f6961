// A forward proxy on loopback: passes requests on to where the tests say that a host is, opens tunnels, and keeps a log of both.
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface ProxyServer {
  readonly url: string;
  /** `GET http://…` or `CONNECT host:port`, in order. */
  readonly log: string[];
  /** Headers and bytes that came by it in clear. */
  readonly seen: string[];
  /** What it asks for as `Proxy-Authorization`, or null. */
  authorization: string | null;
  readonly close: () => Promise<void>;
}

/** `target` is where every host is. */
export async function startProxyServer(target: string): Promise<ProxyServer> {
  const isLetIn = (authorization: string | undefined) => proxy.authorization === null || authorization === proxy.authorization;
  const server = createServer((asked, answer) => {
    proxy.log.push(`${asked.method} ${asked.url}`);
    proxy.seen.push(JSON.stringify(asked.headers));
    if (!isLetIn(asked.headers['proxy-authorization'])) return void answer.writeHead(407).end('who are you?');
    const { pathname, search } = new URL(asked.url ?? '');
    const passed = request(new URL(pathname + search, target), { method: asked.method, headers: asked.headers }, (come) => {
      answer.writeHead(come.statusCode ?? 502, come.headers);
      come.pipe(answer);
    });
    passed.on('error', () => answer.writeHead(502).end());
    asked.pipe(passed);
  });
  server.on('connect', (asked, socket, head) => {
    proxy.log.push(`CONNECT ${asked.url}`);
    proxy.seen.push(JSON.stringify(asked.headers));
    socket.on('error', () => undefined);
    if (!isLetIn(asked.headers['proxy-authorization']))
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const { hostname, port } = new URL(target);
    const there = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      there.write(head);
      there.pipe(socket);
      socket.pipe(there);
    });
    socket.on('data', (bytes: Buffer) => void proxy.seen.push(bytes.toString('latin1')));
    there.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ProxyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log: [],
    seen: [],
    authorization: null,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
