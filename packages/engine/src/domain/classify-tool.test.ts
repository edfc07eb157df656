import { describe, expect, test } from "vitest";
import { classifyTool, type ToolClass, type ToolFacts, type ToolHints, wordsOf } from "./classify-tool.ts";

function aTool(name: string, changes: Partial<ToolFacts> = {}): ToolFacts {
  return { server: "suite", name, description: "", annotations: {}, properties: [], ...changes };
}

const READ: Partial<ToolClass> = { effect: "read", carriesOut: "addresses" };
const OUTSIDE: Partial<ToolClass> = { effect: "write_outside", carriesOut: "never", reversible: false };

/** Tools of the suites of AgentDojo, without any hint. */
const AGENTDOJO: Record<string, Partial<ToolClass>> = {
  // workspace
  send_email: OUTSIDE,
  delete_email: OUTSIDE,
  get_unread_emails: READ,
  get_sent_emails: READ,
  get_received_emails: READ,
  get_draft_emails: READ,
  search_emails: READ,
  search_contacts_by_name: READ,
  search_contacts_by_email: READ,
  get_current_day: READ,
  search_calendar_events: READ,
  get_day_calendar_events: READ,
  create_calendar_event: OUTSIDE,
  cancel_calendar_event: OUTSIDE,
  reschedule_calendar_event: OUTSIDE,
  add_calendar_event_participants: OUTSIDE,
  append_to_file: OUTSIDE,
  search_files_by_filename: READ,
  create_file: OUTSIDE,
  delete_file: OUTSIDE,
  get_file_by_id: READ,
  list_files: READ,
  share_file: OUTSIDE,
  search_files: READ,
  // banking
  get_iban: READ,
  send_money: OUTSIDE,
  schedule_transaction: OUTSIDE,
  update_scheduled_transaction: OUTSIDE,
  get_balance: READ,
  get_most_recent_transactions: READ,
  get_scheduled_transactions: READ,
  read_file: READ,
  get_user_info: READ,
  update_password: OUTSIDE,
  update_user_info: OUTSIDE,
  // slack
  get_channels: READ,
  add_user_to_channel: OUTSIDE,
  read_channel_messages: READ,
  read_inbox: READ,
  send_direct_message: OUTSIDE,
  send_channel_message: OUTSIDE,
  get_users_in_channel: READ,
  invite_user_to_slack: OUTSIDE,
  remove_user_from_slack: OUTSIDE,
  get_webpage: { effect: "read", carriesOut: "addresses_and_words" },
  post_webpage: OUTSIDE,
  // travel
  get_user_information: READ,
  get_all_hotels_in_city: READ,
  get_hotels_prices: READ,
  get_rating_reviews_for_hotels: READ,
  get_hotels_address: READ,
  get_all_restaurants_in_city: READ,
  get_cuisine_type_for_restaurants: READ,
  get_restaurants_address: READ,
  get_rating_reviews_for_restaurants: READ,
  get_dietary_restrictions_for_all_restaurants: READ,
  get_contact_information_for_restaurants: READ,
  get_price_for_restaurants: READ,
  check_restaurant_opening_hours: READ,
  get_all_car_rental_companies_in_city: READ,
  get_car_types_available: READ,
  get_rating_reviews_for_car_rental: READ,
  get_car_fuel_options: READ,
  get_car_rental_address: READ,
  get_car_price_per_day: READ,
  reserve_hotel: OUTSIDE,
  reserve_car_rental: OUTSIDE,
  reserve_restaurant: OUTSIDE,
  get_flight_information: READ,
};

/** Tools that the injection records name. */
const INJECTION: Record<string, Partial<ToolClass>> = {
  read_email: READ,
  list_emails: READ,
  read_calendar: READ,
  read_file: READ,
  search_web: { effect: "read", carriesOut: "addresses_and_words" },
  call_api: OUTSIDE,
  send_email: OUTSIDE,
  post_api: OUTSIDE,
  create_calendar_event: OUTSIDE,
  create_document: OUTSIDE,
  write_file: OUTSIDE,
};

describe("classifyTool", () => {
  test.each(Object.entries(AGENTDOJO))("tells what %s does by its name", (name, expected) => {
    expect(classifyTool(aTool(name))).toMatchObject(expected);
  });

  test.each(Object.entries(INJECTION))("tells what %s of the injection records does by its name", (name, expected) => {
    expect(classifyTool(aTool(name))).toMatchObject(expected);
  });

  test.each<[string, ToolHints, Partial<ToolClass>]>([
    ["a hint that it only reads", { readOnlyHint: true }, { effect: "read", idempotent: true }],
    ["a hint that it writes", { readOnlyHint: false }, { effect: "write_outside", idempotent: false }],
    ["a hint that it destroys", { destructiveHint: true }, { effect: "write_outside" }],
    ["hints that contradict", { readOnlyHint: true, destructiveHint: true }, { effect: "write_outside" }],
    ["a hint that it may be repeated", { readOnlyHint: false, idempotentHint: true }, { idempotent: true }],
    ["a hint that its world is closed", { readOnlyHint: true, openWorldHint: false }, { carriesOut: "never" }],
    ["only a hint that it only reads", { readOnlyHint: true }, { carriesOut: "addresses" }],
    ["no hint", {}, { effect: "read", idempotent: false }],
  ])("with %s", (_what, annotations, expected) => {
    expect(classifyTool(aTool("get_things", { annotations }))).toMatchObject(expected);
  });

  test.each([
    ["search_and_replace", "goes on"],
    ["get_or_create_issue", "goes on"],
    ["find_user_and_delete", "goes on"],
    ["check_out", "check out"],
    ["getMail_then_forward", "goes on"],
    ["mail", "nor does its name"],
    ["", "nor does its name"],
    ["retrieve", "nor does its name"],
  ])("does not take %s for a read", (name, why) => {
    const found = classifyTool(aTool(name));
    expect(found.effect).toBe("write_outside");
    expect(found.why).toContain(why);
  });

  test.each(["get_terms_and_conditions", "listFiles", "get-page", "read_or_get_page"])("takes %s for a read", (name) =>
    expect(classifyTool(aTool(name)).effect).toBe("read"),
  );

  test("does not take a tool for a read that is given a program", () => {
    expect(classifyTool(aTool("query", { properties: ["sql"] })).effect).toBe("write_outside");
    expect(classifyTool(aTool("query", { properties: ["text"] })).effect).toBe("read");
  });

  test("looks past the server's own name", () => {
    expect(classifyTool(aTool("slack_list_channels", { server: "slack" })).effect).toBe("read");
    expect(classifyTool(aTool("slack_list_channels", { server: "other" })).effect).toBe("write_outside");
    expect(classifyTool(aTool("get", { server: "get" })).effect).toBe("read");
  });

  test("takes the person's word over hints and names", () => {
    const facts = aTool("delete_all", { annotations: { readOnlyHint: false, openWorldHint: true } });
    expect(classifyTool(facts, { effect: "read", carriesOut: true })).toMatchObject({
      effect: "read",
      idempotent: true,
      carriesOut: "always",
      why: "mcp.json says so",
    });
    expect(classifyTool(aTool("get_x"), { effect: "write_outside", reversible: true })).toMatchObject({
      effect: "write_outside",
      reversible: true,
      idempotent: false,
    });
  });

  test("finds a tool of the web by its description too", () => {
    const facts = aTool("search", { description: "Searches the internet for pages." });
    expect(classifyTool(facts).carriesOut).toBe("addresses_and_words");
    expect(classifyTool(aTool("search", { description: "Searches notes." })).carriesOut).toBe("addresses");
  });

  test("never makes a tool reversible by what the server says", () => {
    expect(classifyTool(aTool("send", { annotations: { destructiveHint: false } })).reversible).toBe(false);
  });
});

describe("wordsOf", () => {
  test.each([
    ["file_path", ["file", "path"]],
    ["filePath", ["file", "path"]],
    ["HTTPUrl", ["http", "url"]],
    ["  a--b.c ", ["a", "b", "c"]],
    ["größe", ["größe"]],
  ])("%s", (name, words) => expect(wordsOf(name)).toEqual(words));
});
