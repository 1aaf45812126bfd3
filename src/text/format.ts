import { type Destination, destinationName } from "../target.ts";
import { safe } from "./safe.ts";

/** Formats milliseconds as fping does: three significant digits, at most to the microsecond. */
export function milliseconds(ms: number): string {
  if (ms < 1) return ms.toFixed(3);
  if (ms < 10) return ms.toFixed(2);
  return ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}

/** Formats `0%`, `0.4%`, `33%`: one decimal between 0 and 10. */
export function percent(value: number): string {
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.floor(value).toFixed(0)}%`;
}

/** Formats ages as kubectl does, by the two largest units: `42s`, `5m10s`, `3h20m`, `2d4h`. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const units: [string, number][] = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0s";
  const parts = units.slice(first, first + 2).map(([unit, size], at) => {
    const above = at === 0 ? Infinity : units[first]?.[1] ?? Infinity;
    return { unit, count: Math.floor((above === Infinity ? seconds : seconds % above) / size) };
  });
  return parts.filter(({ count }, at) => at === 0 || count > 0).map(({ unit, count }) => `${count}${unit}`).join("");
}

/** Formats the time from the event to its end: `in 11h59m`, `now`, or `-` without an end. */
export function untilEnd({ time, endsBy }: { time: string; endsBy?: string }): string {
  const left = endsBy === undefined ? undefined : Date.parse(endsBy) - Date.parse(time);
  return left === undefined ? "-" : left > 0 ? `in ${age(left)}` : "now";
}

/** Formats a duration as `1:02:03` or `02:03`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Formats sizes in binary units with at most three digits: `812K`, `12.3M`, `1.2G`. */
export function bytes(count: number): string {
  let value = count;
  let unit = "B";
  for (const next of ["K", "M", "G", "T"]) {
    if (value < 1000) break;
    value /= 1024;
    unit = next;
  }
  return `${unit === "B" || value >= 100 ? Math.round(value) : value.toFixed(1)}${unit}`;
}

/** Formats `demo/web (10.0.0.1 on node1)`, or the host alone; TCP pings have `tcp/80` after the address. */
export function destination(of: Destination): string {
  if (of.pod === undefined) return address(of);
  return `${safe(destinationName(of))} (${address(of)}${of.node === undefined ? "" : ` on ${safe(of.node)}`})`;
}

/** Formats `10.0.0.1`, or `10.0.0.1 tcp/80`. */
export function address({ address, protocol, port }: Destination): string {
  return safe(protocol === undefined ? address : `${address} ${protocol}/${port}`);
}

let lastSecond = "", lastText = "";

/** Formats the local time as `13:04:05.123456`, with the digits that the event has. */
export function timeOfDay(time: string): string {
  const second = time.slice(0, 19);
  // Thousands of lines share a second: its text is cached.
  if (second !== lastSecond) {
    const two = (value: number) => String(value).padStart(2, "0");
    const date = new Date(`${second}Z`);
    lastSecond = second;
    lastText = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  }
  return `${lastText}${time.slice(19, -1)}`;
}
