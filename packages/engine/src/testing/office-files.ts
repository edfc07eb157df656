import { crc32, deflateRawSync } from "node:zlib";
import { convert } from "officeparser";

/** A part of a zip; `size` is what the zip says of it, where that is not the truth. */
export interface ZipPart {
  name: string;
  content: string | Buffer;
  size?: number;
  stored?: true;
}

/** A zip as a program would write it, or as an attacker would. */
export function aZip(parts: readonly ZipPart[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const content = Buffer.from(part.content);
    const packed = part.stored ? content : deflateRawSync(content);
    const name = Buffer.from(part.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(part.stored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(part.size ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    files.push(Buffer.from("PK\x03\x04"), common, name, packed);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02\x14\x00", "latin1");
    common.copy(entry, 6);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, name);
    offset += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, ...directory, end]);
}

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"';
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"';
const SLIDE = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"';

/** A document made by a program of its own, from Markdown. */
export async function anOfficeFile(format: "docx" | "odt" | "rtf", markdown: string): Promise<Buffer> {
  const { value } = await convert(Buffer.from(markdown), format, { parseConfig: { fileType: "md" } });
  return Buffer.from(value as unknown as Uint8Array);
}

export function aDocx(body: string, more: { before?: string; size?: number } = {}): Buffer {
  const document = `${HEAD}${more.before ?? ""}<w:document ${WORD}><w:body>${body}</w:body></w:document>`;
  return aZip([
    { name: "[Content_Types].xml", content: `${HEAD}<Types/>` },
    { name: "word/document.xml", content: document, ...(more.size === undefined ? {} : { size: more.size }) },
  ]);
}

/** One sheet with these rows of XML. */
export function anXlsx(rows: string): Buffer {
  return aZip([
    { name: "[Content_Types].xml", content: `${HEAD}<Types/>` },
    {
      name: "xl/workbook.xml",
      content: `${HEAD}<workbook ${SHEET} xmlns:r="${OFFICE}"><sheets><sheet name="Costs" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      content: `${HEAD}<Relationships ${RELATIONS}><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    },
    {
      name: "xl/worksheets/sheet1.xml",
      content: `${HEAD}<worksheet ${SHEET}><sheetData>${rows}</sheetData></worksheet>`,
    },
  ]);
}

export function aCell(reference: string, text: string): string {
  return `<c r="${reference}" t="inlineStr"><is><t>${text}</t></is></c>`;
}

/** A slide for each text. */
export function aPptx(texts: readonly string[]): Buffer {
  const ids = texts.map((_, index) => `<p:sldId id="${256 + index}" r:id="rId${index + 1}"/>`).join("");
  const relations = texts.map(
    (_, index) => `<Relationship Id="rId${index + 1}" Type="${OFFICE}/slide" Target="slides/slide${index + 1}.xml"/>`,
  );
  return aZip([
    { name: "[Content_Types].xml", content: `${HEAD}<Types/>` },
    {
      name: "ppt/presentation.xml",
      content: `${HEAD}<p:presentation ${SLIDE} xmlns:r="${OFFICE}"><p:sldIdLst>${ids}</p:sldIdLst></p:presentation>`,
    },
    {
      name: "ppt/_rels/presentation.xml.rels",
      content: `${HEAD}<Relationships ${RELATIONS}>${relations.join("")}</Relationships>`,
    },
    ...texts.map((text, index) => ({
      name: `ppt/slides/slide${index + 1}.xml`,
      content:
        `${HEAD}<p:sld ${SLIDE} ${DRAWING}><p:cSld><p:spTree><p:sp><p:txBody>` +
        `<a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>`,
    })),
  ]);
}

/** OpenDocument with this body. */
export function anOpenDocument(kind: "presentation" | "spreadsheet" | "text", body: string): Buffer {
  const name = "urn:oasis:names:tc:opendocument:xmlns";
  const spaces = ["office", "text", "table", "presentation"].map((one) => `xmlns:${one}="${name}:${one}:1.0"`);
  const draw = `xmlns:draw="${name}:drawing:1.0"`;
  return aZip([
    { name: "mimetype", content: `application/vnd.oasis.opendocument.${kind}`, stored: true },
    {
      name: "content.xml",
      content: `${HEAD}<office:document-content ${spaces.join(" ")} ${draw}><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
    },
  ]);
}
