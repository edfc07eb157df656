import { stdin, stdout } from "node:process";
import { OfficeParser } from "officeparser";
import { documentContent, tableContent } from "./office-blocks.ts";

// The program of the process that reads office files: bytes come in, one JSON value goes out. It may read the program's
// own files and nothing else, and is ended from outside when it takes too long or too much.

const MAX_UNPACKED_BYTES = 150 * 1024 * 1024;
const MAX_ENTRIES = 5_000;
const MAX_XML_ELEMENTS = 2_000_000;
const MAX_TABLE_CELLS = 500_000;

/** Faults of the file, by the library's codes, in words. */
const FAULTS: Readonly<Record<string, string>> = {
  ZIP_ENTRY_COUNT_LIMIT_EXCEEDED: "It holds more parts than are unpacked.",
  ZIP_SIZE_LIMIT_EXCEEDED: "It would unpack to more than 150 MB.",
  ZIP_ENTRY_INVALID_SIZE: "It says a wrong size of one of its parts.",
  XML_ELEMENT_LIMIT_EXCEEDED: "It holds more elements than are read.",
  MAX_NESTING_DEPTH_EXCEEDED: "It is nested too deeply.",
  PASSWORD_REQUIRED: "It is locked by a password.",
};
const BROKEN = "It is damaged, or not what its beginning says.";

/** What the process says: content, or why there is none. */
export type OfficeReply = { content: unknown } | { problem: string };

const reply = await read(await input(), process.argv[2] ?? "");
stdout.write(JSON.stringify(reply));

async function input(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function read(bytes: Buffer, format: string): Promise<OfficeReply> {
  try {
    const { content } = await OfficeParser.parseOffice(bytes, {
      fileType: format as "docx",
      ocr: false,
      extractAttachments: false,
      includeRawContent: false,
      includeBreakNodes: true,
      ignoreComments: true,
      ignoreHeadersAndFooters: true,
      ignoreSlideMasters: true,
      decompressionLimits: {
        maxUncompressedBytes: MAX_UNPACKED_BYTES,
        maxZipEntries: MAX_ENTRIES,
        maxXmlElements: MAX_XML_ELEMENTS,
        maxTableCells: MAX_TABLE_CELLS,
      },
    });
    return { content: format === "xlsx" || format === "ods" ? tableContent(content) : documentContent(content) };
  } catch (error) {
    const code = (error as { officeIssue?: { code?: string } } | null)?.officeIssue?.code ?? "";
    return { problem: FAULTS[code] ?? BROKEN };
  }
}
