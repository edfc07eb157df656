import { useEffect, useRef, useState } from "react";
import { Button } from "./button.tsx";
import { toastFailure } from "./toast.tsx";

const MAX_NOTE_MS = 10 * 60_000;
const TYPES = ["audio/webm", "audio/mp4", "audio/ogg"];

/** Records with the microphone, ten minutes at most, and gives a file. Not there where the browser can't. */
export function VoiceNote({ onFile, disabled = false }: { onFile: (file: File) => void; disabled?: boolean }) {
  const [isRecording, setRecording] = useState(false);
  const recorder = useRef<MediaRecorder | null>(null);
  useEffect(() => () => endTracks(recorder.current), []);
  if (!("MediaRecorder" in window) || !("mediaDevices" in navigator)) return null;
  const begin = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
      const one = new MediaRecorder(stream, type === undefined ? {} : { mimeType: type });
      const parts: Blob[] = [];
      const timer = window.setTimeout(() => one.stop(), MAX_NOTE_MS);
      recorder.current = one;
      one.addEventListener("dataavailable", ({ data }) => parts.push(data));
      one.addEventListener("stop", () => {
        window.clearTimeout(timer);
        endTracks(one);
        setRecording(false);
        const plainType = (type ?? one.mimeType).split(";")[0] ?? "audio/webm";
        onFile(new File(parts, `voice-note.${plainType.split("/")[1] ?? "webm"}`, { type: plainType }));
      });
      one.start();
      setRecording(true);
    } catch {
      toastFailure(new Error("The browser may not use the microphone. Allow it for this site, and try again."));
    }
  };
  return (
    <Button
      kind={isRecording ? "danger" : "plain"}
      icon={isRecording ? "stop" : "microphone"}
      disabled={disabled}
      onClick={() => (isRecording ? recorder.current?.stop() : void begin())}
    >
      {isRecording ? "Stop and keep it" : "Record a voice note"}
    </Button>
  );
}

function endTracks(recorder: MediaRecorder | null): void {
  for (const track of recorder?.stream.getTracks() ?? []) track.stop();
}
