import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/**
 * Draws a Vega-Lite chart on white, so that it is readable in dark pages too.
 *
 * @returns the text of an SVG file; the same chart gives the same text
 */
export async function svg(chart: TopLevelSpec): Promise<string> {
  const { spec } = compile({ background: 'white', ...chart });
  return `${await new View(parse(spec), { renderer: 'none' }).toSVG()}\n`;
}
