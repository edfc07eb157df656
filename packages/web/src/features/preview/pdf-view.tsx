import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/states.tsx";
import { fetchBytes } from "./bytes.ts";

const PAGES_STEP = 5;
const MAX_SCALE = 2;
const PAGE_WIDTH_PX = 800;
const MAX_PAGE_PX = 4_000;

type Document = Awaited<ReturnType<typeof openPdf>>;

/** A PDF, drawn page by page: the first ones at once, each when it comes near the window. Heavy: import lazily. */
export function PdfView({ name, url }: { name: string; url: string }) {
  const [shown, setShown] = useState(PAGES_STEP);
  const pdf = useQuery({
    queryKey: ["pdf", url],
    queryFn: async ({ signal }) => await openPdf(await fetchBytes(url, signal)),
    gcTime: 0,
    retry: false,
  });
  const document = pdf.data;
  if (pdf.error !== null) return <Failure error={pdf.error} onRetry={() => void pdf.refetch()} />;
  if (document === undefined) return <p className="min-h-96 text-quiet">Loading the pages.</p>;
  const count = Math.min(shown, document.numPages);
  return (
    <div className="flex flex-col gap-3">
      {Array.from({ length: count }, (_, at) => (
        <PdfPage key={at} document={document} number={at + 1} name={name} />
      ))}
      {document.numPages > count ? (
        <Button className="self-center" onClick={() => setShown(shown + PAGES_STEP)}>
          Show more pages ({document.numPages - count} left)
        </Button>
      ) : null}
    </div>
  );
}

async function openPdf(blob: Blob) {
  const { getDocument } = await import("unpdf/pdfjs");
  const data = new Uint8Array(await blob.arrayBuffer());
  return await getDocument({ data, useSystemFonts: true }).promise;
}

function PdfPage({ document, number, name }: { document: Document; number: number; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isNear, setNear] = useState(number === 1);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setNear(true);
      },
      { rootMargin: "600px" },
    );
    observer.observe(canvas.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!isNear) return;
    let task: { cancel: () => void } | null = null;
    let isOver = false;
    const draw = async () => {
      const page = await document.getPage(number);
      const place = canvas.current;
      if (isOver || place === null) return;
      const base = page.getViewport({ scale: 1 });
      const wanted = (PAGE_WIDTH_PX * Math.min(window.devicePixelRatio, MAX_SCALE)) / base.width;
      const viewport = page.getViewport({ scale: Math.min(wanted, MAX_PAGE_PX / Math.max(base.width, base.height)) });
      place.width = Math.ceil(viewport.width);
      place.height = Math.ceil(viewport.height);
      const rendering = page.render({ canvas: place, viewport });
      task = rendering;
      await rendering.promise;
    };
    draw().catch((error: unknown) => {
      if (!isOver) setProblem(error);
    });
    return () => {
      isOver = true;
      task?.cancel();
    };
  }, [document, number, isNear]);
  return (
    <>
      {problem === null ? null : <Failure error={problem} />}
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Page ${number} of ${document.numPages} of ${name}`}
        width={800}
        height={1131}
        className="h-auto w-full rounded border border-line"
      />
    </>
  );
}
