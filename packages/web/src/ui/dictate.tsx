import { useEffect, useRef, useState } from "react";
import { IconButton } from "./button.tsx";
import { toastFailure } from "./toast.tsx";

/** What this app uses of the browser's speech recognition, which TypeScript does not know. */
interface Recognition extends EventTarget {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  start: () => void;
  stop: () => void;
  abort: () => void;
}

interface ResultEvent extends Event {
  resultIndex: number;
  results: SpeechRecognitionResultList;
}

type RecognitionMaker = new () => Recognition;

const Maker: RecognitionMaker | undefined =
  (Reflect.get(globalThis, "SpeechRecognition") as RecognitionMaker | undefined) ??
  (Reflect.get(globalThis, "webkitSpeechRecognition") as RecognitionMaker | undefined);

const REFUSED = new Set(["not-allowed", "service-not-allowed", "audio-capture"]);

interface DictateProps {
  /** What the field holds; what is said is put after it. */
  text: string;
  onText: (text: string) => void;
  disabled?: boolean;
}

/** Writes what one says into a field. Not there where the browser can't; some browsers ask their maker's service. */
export function Dictate({ text, onText, disabled = false }: DictateProps) {
  const [isListening, setListening] = useState(false);
  const recognition = useRef<Recognition | null>(null);
  const latest = useRef({ text, onText });
  latest.current = { text, onText };
  useEffect(() => () => recognition.current?.abort(), []);
  if (Maker === undefined) return null;
  const begin = () => {
    const one = new Maker();
    recognition.current = one;
    one.lang = navigator.language;
    one.continuous = true;
    one.interimResults = false;
    one.addEventListener("result", (event) => {
      const said = saidIn(event as ResultEvent);
      if (said !== "") latest.current.onText(joinSaid(latest.current.text, said));
    });
    one.addEventListener("error", (event) => {
      if (REFUSED.has(String(Reflect.get(event, "error")))) {
        toastFailure(new Error("The browser may not use the microphone. Allow it for this site, and try again."));
      }
    });
    one.addEventListener("end", () => setListening(false));
    one.start();
    setListening(true);
  };
  return (
    <IconButton
      icon={isListening ? "stop" : "microphone"}
      label={isListening ? "Stop dictating" : "Dictate"}
      aria-pressed={isListening}
      disabled={disabled}
      className={isListening ? "bg-bad-soft text-bad" : ""}
      onClick={() => (isListening ? recognition.current?.stop() : begin())}
    />
  );
}

function saidIn({ results, resultIndex }: ResultEvent): string {
  return [...results]
    .slice(resultIndex)
    .filter(({ isFinal }) => isFinal)
    .map((result) => result[0]?.transcript.trim() ?? "")
    .join(" ")
    .trim();
}

function joinSaid(text: string, said: string): string {
  return text === "" || /\s$/.test(text) ? text + said : `${text} ${said}`;
}
