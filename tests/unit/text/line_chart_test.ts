import assert from "node:assert/strict";
import { axisRange, lineChart } from "../../../src/text/line_chart.ts";

const two = (value: number) => value.toFixed(2);

Deno.test("lineChart() draws one column a value, dotted where there is none", () => {
  const rows = lineChart([1, 2, undefined, 2, 2, 4, undefined], 5, two);
  assert.deepEqual(rows.map(({ label, plot }) => `${label}┤${plot}`), [
    "4.40┤    ╭─ ",
    "3.45┤    │  ",
    "2.50┤    │  ",
    "1.55┤╭─┈─╯  ",
    "0.60┤╯      ",
  ]);
});

Deno.test("lineChart() has exactly the rows asked for, whatever the values", () => {
  for (const values of [[0.001], [5, 5, 5], [0.1, 900], [1e-6, 2e-6], []]) {
    for (const rows of [0, 1, 2, 3, 17]) {
      const chart = lineChart(values, rows, two);
      assert.equal(chart.length, rows);
      for (const row of chart) assert.equal(row.plot.length, values.length);
    }
  }
});

Deno.test("axisRange() leaves air around the values and never goes below zero", () => {
  assert.deepEqual(axisRange([10, 20]), [8, 22]);
  assert.deepEqual(axisRange([0.0001]), [0, 0.0011]);
});
