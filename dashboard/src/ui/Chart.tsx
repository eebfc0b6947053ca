import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { clock } from '../time';

export interface Point {
  /** Seconds since 1970. */
  at: number;
  value: number;
}

const HEIGHT = 120;

/** Seconds that a chart shows at least. */
const SPAN = 60;

function options(width: number, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false },
    scales: {
      x: { range: (_, min, max) => [Math.min(min, max - SPAN), max] },
      y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.2))] },
    },
    axes: [
      { ...axis, size: 26, space: 90, values: (_, splits) => splits.map((at) => clock(at * 1000)) },
      { ...axis, size: 34, space: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
    ],
    series: [{}, { stroke: color('--accent-text'), fill: color('--accent-soft'), width: 2, points: { show: false } }],
  };
}

/** A figure and its course. */
export function Chart({ label, points, unit = '' }: { label: string; points: readonly Point[]; unit?: string }) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = useRef<uPlot.AlignedData>([[], []]);
  const latest = points.at(-1)?.value;
  useEffect(() => {
    const host = element.current as HTMLDivElement;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(host.clientWidth, host), data.current, host);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: host.clientWidth, height: HEIGHT }));
    resized.observe(host);
    const themed = new MutationObserver(draw); // the colours are the theme's
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    data.current = [points.map(({ at }) => at), points.map(({ value }) => value)];
    plot.current?.setData(data.current);
  }, [points]);
  return (
    <figure className="chart card">
      <figcaption>
        {label} <b>{latest === undefined ? '–' : `${latest}${unit}`}</b>
      </figcaption>
      <div ref={element} role="img" aria-label={`${label} over the last minutes, now ${latest ?? 'unknown'}${unit}`} />
    </figure>
  );
}
