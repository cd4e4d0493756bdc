/** Charts of series over x: line, area, bar, composed, radar, scatter. The library loads its drawing code when first used. */
import { number } from '../../core/format.js';
import { get } from '../../core/path.js';
import { AreaChart, BarChart, CompositeChart, LineChart, RadarChart, ScatterChart } from '../../ui/kit.js';
import { oneOf } from '../layout/options.js';

const STILL = { isAnimationActive: false };
const CURVES = ['linear', 'monotone', 'natural', 'step', 'stepBefore', 'stepAfter', 'bump'];

/** `smooth`, a name of the library's, or straight. @param {any} node */
const curveOf = (node) => {
  const given = node.curve ?? node.curveType;
  return given === 'smooth' || given === true || given === undefined ? 'monotone' : oneOf(given, CURVES, 'linear');
};

/** @param {any} one */
const plain = ({ name, label, color, dashed }) => ({
  name,
  label,
  color,
  ...(dashed ? { strokeDasharray: '5 5' } : {}),
});
/** @param {any} one */
const TYPES = ({ type }) => oneOf(type, ['line', 'area', 'bar'], 'line');

/** @param {string} kind @param {any} node @param {{points: any[], series: any[], rows: any[], xKey: string}} shown @param {number} height */
export function axes(kind, node, { points, series, rows, xKey }, height) {
  const common = {
    h: height,
    data: points,
    dataKey: 'x',
    series: series.map(plain),
    withLegend: node.legend !== false && node.withLegend !== false && series.length > 1,
    gridAxis: node.grid === false ? 'none' : 'x',
    tickLine: 'none',
    withXAxis: node.xAxis !== false,
    withYAxis: node.yAxis !== false,
    withTooltip: node.tooltip !== false,
    xAxisLabel: node.xLabel === undefined ? undefined : String(node.xLabel),
    yAxisLabel: node.yLabel === undefined ? undefined : String(node.yLabel),
    unit: node.unit === undefined ? undefined : String(node.unit),
    yAxisProps: { width: 48, tickFormatter: (/** @type {number} */ value) => number(value) },
  };
  const stacked = node.stacked === true;
  const down = node.orientation === 'vertical' || node.horizontal === true;
  const lines = {
    curveType: curveOf(node),
    withDots: node.dots ?? points.length < 40,
    strokeWidth: 2,
    connectNulls: true,
  };
  switch (kind) {
    case 'area':
      return AreaChart({
        ...common,
        ...lines,
        type: stacked ? 'stacked' : 'default',
        areaProps: STILL,
        areaChartProps: { accessibilityLayer: false },
      });
    case 'bar':
      return BarChart({
        ...common,
        type: stacked ? 'stacked' : 'default',
        orientation: down ? 'vertical' : 'horizontal',
        ...(down ? { yAxisProps: { width: 80 } } : {}),
        maxBarWidth: 40,
        barProps: { ...STILL, radius: stacked ? 0 : 3 },
        barChartProps: { accessibilityLayer: false },
      });
    case 'composed':
      return CompositeChart({
        ...common,
        ...lines,
        series: series.map((one) => ({ ...plain(one), type: TYPES(one) })),
        maxBarWidth: 40,
        barProps: STILL,
        lineProps: STILL,
        areaProps: STILL,
        composedChartProps: { accessibilityLayer: false },
      });
    case 'radar':
      return RadarChart({
        h: Math.max(260, height),
        data: merged(points, series),
        dataKey: 'x',
        series: series.map((one) => ({ ...plain(one), opacity: 0.25 })),
        withLegend: common.withLegend,
        withPolarRadiusAxis: false,
        radarProps: STILL,
        radarChartProps: { accessibilityLayer: false },
      });
    case 'scatter':
      return ScatterChart({
        h: height,
        data: series.map((one) => ({
          name: one.label,
          color: one.color,
          data: rows.slice(0, 1000).map((row) => ({ x: Number(get(row, xKey)), y: Number(get(row, one.path)) })).filter(
            ({ x, y }) => Number.isFinite(x) && Number.isFinite(y),
          ),
        })),
        dataKey: { x: 'x', y: 'y' },
        withLegend: common.withLegend,
        gridAxis: 'xy',
        tickLine: 'none',
        xAxisProps: { tickFormatter: (/** @type {number} */ value) => number(value) },
        yAxisProps: common.yAxisProps,
        scatterProps: STILL,
        scatterChartProps: { accessibilityLayer: false },
      });
    default:
      return LineChart({ ...common, ...lines, lineProps: STILL, lineChartProps: { accessibilityLayer: false } });
  }
}

/** Rows of one name are one corner of a radar: their mean. @param {any[]} points @param {any[]} series */
function merged(points, series) {
  const corners = new Map();
  for (const one of points) corners.set(one.x, [...(corners.get(one.x) ?? []), one]);
  const mean = (/** @type {any[]} */ list, /** @type {string} */ name) =>
    list.reduce((sum, one) => sum + (one[name] || 0), 0) / list.length;
  return [...corners].slice(0, 24).map(([x, list]) => ({
    x,
    ...Object.fromEntries(series.map((one) => [one.name, mean(list, one.name)])),
  }));
}
