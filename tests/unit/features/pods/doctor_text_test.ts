import assert from "node:assert/strict";
import type { DoctorTarget, DoctorWay } from "../../../../src/event.ts";
import { doctorTargetLine, rightTable, wayTable } from "../../../../src/features/pods/doctor_text.ts";

const time = "2026-01-01T12:00:00.000Z";
const target: DoctorTarget = {
  ...{ type: "doctor.target", time, pod: "web", namespace: "shop", node: "node1", container: "app" },
};
const MiB = 1024 * 1024;

Deno.test("doctorTargetLine() says what is known, and what is not", () => {
  assert.equal(doctorTargetLine(target), "shop/web:app on node1: user unknown, no limit of memory");
  assert.equal(doctorTargetLine({ ...target, uid: 0 }), "shop/web:app on node1: root, no limit of memory");
  const full = { ...target, uid: 65532, memoryLimitBytes: 160 * MiB, memoryUsedBytes: 60 * MiB };
  assert.equal(doctorTargetLine(full), "shop/web:app on node1: user 65532, 60.0M of 160M memory");
  assert.match(doctorTargetLine({ ...full, container: "a\x1b[2J" }), /:a\\x1b\[2J on/);
});

Deno.test("rightTable() has a line for each right, and none when nothing was asked", () => {
  assert.deepEqual(rightTable([], Infinity, false), []);
  const right = { type: "doctor.right", time, right: 'create pods in namespace "shop"', for: "the node way" } as const;
  const rights = [{ ...right, allowed: true }, { ...right, right: "get pods", allowed: false }];
  assert.deepEqual(rightTable(rights, Infinity, false), [
    "RIGHT                            ALLOWED  FOR",
    'create pods in namespace "shop"  yes      the node way',
    "get pods                         no       the node way",
  ]);
});

const way = (command: string, name: string, more: Partial<DoctorWay>): DoctorWay => {
  return { type: "doctor.way", time, command, way: name, possible: true, chosen: false, ...more };
};

Deno.test("wayTable() gives each reason once, with what helps", () => {
  const missing = "Pod Security forbids it", remedy = "ask";
  const refused = { possible: false, missing, remedy };
  const ways = [
    way("ping", "ephemeral", { chosen: true, rights: "root with NET_RAW" }),
    way("ping", "node", refused),
    way("shell", "node", refused),
    way("shell", "ephemeral", { possible: false, missing: "no" }),
  ];
  assert.deepEqual(wayTable(ways, Infinity, false), [
    "COMMAND  WAY        POSSIBLE  AUTO    WITH",
    "ping     ephemeral  yes       chosen  root with NET_RAW",
    "ping     node       no                see 1 below",
    "shell    node       no                see 1 below",
    "shell    ephemeral  no                see 2 below",
    "",
    "1. Pod Security forbids it",
    "   ask",
    "2. no",
  ]);
  assert.deepEqual(wayTable([], Infinity, false), []);
});
