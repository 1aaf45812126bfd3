import type { EventText, TextLook } from "../../renderer.ts";
import { copyLine, copyTable } from "./copy_text.ts";
import { debugPodTable, readyLine, removedLine } from "./debug_pod_text.ts";
import { doctorTargetLine, rightTable, wayTable } from "./doctor_text.ts";
import { endedLine, ephemeralTable } from "./ephemeral_text.ts";
import type { CopySeen, DebugPodSeen, DoctorRight, DoctorWay, EphemeralContainerSeen, PodsEvent } from "./events.ts";

export function podsText({ color, columns }: TextLook): EventText<PodsEvent> {
  const debugPods: DebugPodSeen[] = [], copies: CopySeen[] = [], containers: EphemeralContainerSeen[] = [];
  const rights: DoctorRight[] = [], ways: DoctorWay[] = [];
  const later = (push: () => unknown) => {
    push();
    return [];
  };
  return {
    lines(event) {
      switch (event.type) {
        case "list.debug-pod":
          return later(() => debugPods.push(event));
        case "list.copy":
          return later(() => copies.push(event));
        case "list.ephemeral-container":
          return later(() => containers.push(event));
        case "doctor.right":
          return later(() => rights.push(event));
        case "doctor.way":
          return later(() => ways.push(event));
        case "doctor.target":
          return [doctorTargetLine(event)];
        case "launch.ready":
          return [readyLine(event)];
        case "copy.ready":
          return [copyLine(event)];
        case "cleanup.ended":
          return [endedLine(event)];
        case "cleanup.removed":
          return [removedLine(event)];
      }
    },
    tables: () => [
      debugPodTable(debugPods, columns(), color),
      copyTable(copies, columns(), color),
      ephemeralTable(containers, columns(), color),
      rightTable(rights, columns(), color),
      wayTable(ways, columns(), color),
    ],
  };
}
