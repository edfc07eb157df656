import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Networks that are not the public internet: the machine itself, private and shared ones, and special purposes. */
const NOT_PUBLIC_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
/** The ranges that carry an IPv4 address inside are refused whole: NAT64, 6to4, Teredo and the mapped forms. */
const NOT_PUBLIC_6 = [
  "::/96",
  "::ffff:0:0/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

// Two lists, because a list that holds the mapped form of IPv4 takes every IPv4 address for one of it.
const blocked = { 4: blockList(NOT_PUBLIC_4, "ipv4"), 6: blockList(NOT_PUBLIC_6, "ipv6") };

/** True for an address of the public internet. Anything that is not an address is not public. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return isPublicAddress(mapped);
  if (isIPv4(plain)) return !blocked[4].check(plain, "ipv4");
  return isIPv6(plain) && !blocked[6].check(plain, "ipv6");
}

function blockList(networks: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
