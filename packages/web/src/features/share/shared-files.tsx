import { useEffect, useState } from "react";
import { formatBytes } from "../../lib/format.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { IconButton } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";

/** Files on their way in: pictures and sound to be looked at, of others the name and size. */
export function SharedFiles({ files, onRemove }: { files: readonly File[]; onRemove: (file: File) => void }) {
  if (files.length === 0) return null;
  return (
    <ul aria-label="Files" className="flex flex-col gap-2">
      {files.map((file, index) => (
        <li
          key={`${index} ${file.name}`}
          className="flex items-center gap-3 rounded-lg border border-line bg-sunken p-2"
        >
          <FilePreview file={file} />
          <div className="min-w-0 flex-1">
            <p className="text-wrap-anywhere">{visibleText(file.name)}</p>
            <p className="text-sm text-quiet">{formatBytes(file.size)}</p>
          </div>
          <IconButton icon="close" label={`Leave out ${visibleText(file.name)}`} onClick={() => onRemove(file)} />
        </li>
      ))}
    </ul>
  );
}

function FilePreview({ file }: { file: File }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  if (url !== null && file.type.startsWith("image/")) {
    return <img src={url} alt="" className="size-16 shrink-0 rounded object-cover" />;
  }
  if (url !== null && file.type.startsWith("audio/")) {
    return <audio src={url} controls aria-label={visibleText(file.name)} className="h-11 w-40 shrink-0" />;
  }
  return (
    <span className="flex size-16 shrink-0 items-center justify-center rounded bg-raised text-quiet">
      <Icon name="paperclip" />
    </span>
  );
}
