import { BlockList, isIP } from "node:net";

/**
 * Returns the proxy through which kubectl would reach a server, from HTTPS_PROXY, HTTP_PROXY and NO_PROXY by Go's rules
 * (golang.org/x/net/http/httpproxy); undefined for a direct connection.
 */
export function proxyFor(server: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { protocol, hostname, port } = new URL(server), secure = protocol === "https:";
  const proxy = secure ? env.HTTPS_PROXY || env.https_proxy : env.HTTP_PROXY || env.http_proxy;
  if (!proxy) return undefined;
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const entries = (env.NO_PROXY || env.no_proxy || "").split(",").map((entry) => entry.trim().toLowerCase());
  if (isLoopback(host) || entries.some((entry) => covers(entry, host, port || (secure ? "443" : "80")))) {
    return undefined;
  }
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** Returns true if a variable names a proxy, whatever it is for. */
export function namesProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return ["https_proxy", "http_proxy", "all_proxy"].some((name) => env[name] || env[name.toUpperCase()]);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || contains("127.0.0.0", 8, host) || host === "::1";
}

/** Returns true when an entry of NO_PROXY matches a host: `*`, an address, a CIDR range, or a domain with its subdomains. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const [range, bits] = entry.split("/") as [string, string?];
  if (bits !== undefined && isIP(range) !== 0) return /^\d+$/.test(bits) && contains(range, Number(bits), host);
  const [, name, only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry)!;
  if (only !== undefined && only !== port) return false;
  if (isIP(name!) !== 0) return isIP(host) !== 0 && contains(name!, isIP(name!) === 4 ? 32 : 128, host);
  if (isIP(host) !== 0) return false;
  const domain = name!.replace(/^\*\./, ".");
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function contains(range: string, bits: number, address: string): boolean {
  const family = (text: string) => isIP(text) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || family(address) !== family(range) || bits > (isIP(range) === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(range, bits, family(range));
  return list.check(address, family(address));
}
