/** The part of turndown that is used here; the package brings no types. */
declare module "turndown" {
  interface PageElement {
    getAttribute(name: string): string | null;
  }
  interface Rule {
    filter: string;
    replacement(text: string, element: PageElement): string;
  }
  export default class TurndownService {
    constructor(options: { headingStyle: "atx"; codeBlockStyle: "fenced"; bulletListMarker: "-" });
    remove(tags: string[]): this;
    addRule(name: string, rule: Rule): this;
    /** Takes HTML or an element. */
    turndown(content: unknown): string;
  }
}
