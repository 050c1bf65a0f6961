// Requests by way of the proxy that the environment names, as other programs there take it.
import { HttpProblem, PROXY } from './http-failure.js';
import type { Outside } from './source.js';

export type Env = Outside['env'];

export interface Route {
  readonly fetch: typeof fetch;
  /** Passwords of proxies, which must not be shown. */
  readonly secrets: readonly string[];
}

const DIRECT: Route = { fetch: async (...asked) => fetch(...asked), secrets: [] };

/** Machines that are this one are never asked by way of another. */
const HERE = ['localhost', '127.0.0.1', '[::1]'];

/** One agent an environment, so that connections are used again. */
const routes = new WeakMap<Env, Promise<Route>>();

export async function routeOf(env: Env): Promise<Route> {
  const known = routes.get(env) ?? routeBy(env);
  routes.set(env, known);
  return known;
}

async function routeBy(env: Env): Promise<Route> {
  const of = (name: string) => (env[name.toLowerCase()] ?? env[name] ?? '').trim();
  const http = proxyOf('HTTP_PROXY', of('HTTP_PROXY'));
  const https = proxyOf('HTTPS_PROXY', of('HTTPS_PROXY'));
  if ((http === null && https === null) || of('NO_PROXY') === '*') return DIRECT;
  // Most have no proxy, and need not wait for it.
  const { EnvHttpProxyAgent, fetch: fetchBy } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: http?.href ?? '',
    httpsProxy: https?.href ?? '',
    noProxy: [of('NO_PROXY'), ...HERE].filter((host) => host !== '').join(','),
    // What is no secret on the way is asked of the proxy as of any server; tunnels to port 80 are closed in most of them.
    proxyTunnel: false,
  });
  const through = async (input: unknown, init: object | undefined) =>
    fetchBy(input as Parameters<typeof fetchBy>[0], { ...init, dispatcher });
  const secrets = [http, https].flatMap((proxy) => (proxy === null ? [] : [proxy.password, decodeURIComponent(proxy.password)]));
  return { fetch: through as unknown as typeof fetch, secrets: secrets.filter((secret) => secret !== '') };
}

function proxyOf(name: string, address: string): URL | null {
  if (address === '') return null;
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new HttpProblem(`${name} names no proxy: write it as http://host:port`, PROXY);
}
