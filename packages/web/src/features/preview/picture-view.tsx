import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Failure } from "../../ui/states.tsx";
import { fetchBytes } from "./bytes.ts";

/** Wider ones are made smaller before they are drawn, so that a phone can hold them. */
const MAX_DRAWN_PX = 2_000;

interface PictureViewProps {
  name: string;
  url: string;
  width: number;
  height: number;
}

/** A picture, drawn: its bytes never become an address that something could open. */
export function PictureView({ name, url, width, height }: PictureViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scale = Math.min(1, MAX_DRAWN_PX / Math.max(width, height, 1));
  const resizeWidth = Math.max(1, Math.round(width * scale));
  const resizeHeight = Math.max(1, Math.round(height * scale));
  const picture = useQuery({
    queryKey: ["picture", url],
    queryFn: async ({ signal }) =>
      await createImageBitmap(await fetchBytes(url, signal), { resizeWidth, resizeHeight, resizeQuality: "high" }),
    gcTime: 0,
    retry: false,
  });
  useEffect(() => {
    if (picture.data !== undefined) canvas.current?.getContext("2d")?.drawImage(picture.data, 0, 0);
  }, [picture.data]);
  if (picture.error !== null) return <Failure error={picture.error} onRetry={() => void picture.refetch()} />;
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={`Picture ${name}, ${width} by ${height}`}
      aria-busy={picture.data === undefined}
      width={resizeWidth}
      height={resizeHeight}
      className="mx-auto block h-auto max-w-full"
    />
  );
}
