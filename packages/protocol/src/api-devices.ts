import { AddDevice, ListDevices, SignIn } from "./api-inputs.ts";
import { DeviceList } from "./api-replies.ts";
import { Device, DeviceAdded, SessionInfo, SessionsClosed } from "./device.ts";
import { endpoint } from "./endpoint.ts";

export const devicesApi = {
  listDevices: endpoint("GET", "/api/devices", {
    summary: "Devices that have a token, those that hold by default, newest first",
    group: "devices",
    scope: "full",
    query: ListDevices,
    reply: DeviceList,
  }),
  addDevice: endpoint("POST", "/api/devices", {
    summary: "Make a token for a device; it is told this once",
    group: "devices",
    body: AddDevice,
    reply: DeviceAdded,
    errors: ["conflict", "limit_reached"],
  }),
  revokeDevice: endpoint("DELETE", "/api/devices/:device", {
    summary: "End a device's token, its sessions and its event streams, at once; a device may do it to itself",
    group: "devices",
    own: "device",
    reply: Device,
    errors: ["not_found"],
  }),
  getSession: endpoint("GET", "/api/session", {
    summary: "Who is asking, what they may do, and what a browser's writes must carry",
    group: "session",
    reply: SessionInfo,
  }),
  signIn: endpoint("POST", "/api/session", {
    summary: "Trade the owner's or a device's token for a session cookie, for browsers",
    group: "session",
    body: SignIn,
    reply: "empty",
    open: true,
    errors: ["unauthenticated"],
  }),
  signOut: endpoint("DELETE", "/api/session", {
    summary: "End the session and forget its cookie",
    group: "session",
    scope: "read",
    reply: "empty",
  }),
  closeSessions: endpoint("DELETE", "/api/sessions", {
    summary: "End every session: each browser has to sign in again",
    group: "session",
    reply: SessionsClosed,
  }),
};
