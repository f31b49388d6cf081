import { describe, expect, test } from 'vitest';
import { nameValueLines, printable, table, width } from '../../cli/table.ts';

const esc = '\x1b';

describe('printable', () => {
  test.for([
    { what: 'an escape sequence', text: `${esc}[2J`, shown: '\\u{1b}[2J' },
    { what: 'a bell and a title', text: `${esc}]0;x\x07`, shown: '\\u{1b}]0;x\\u{7}' },
    { what: 'a one-character sequence opener', text: '\x9b31m', shown: '\\u{9b}31m' },
    { what: 'a backspace over what was said', text: 'no\b\bok', shown: 'no\\u{8}\\u{8}ok' },
    { what: 'line ends', text: 'a\r\nb\u2028c\u2029', shown: 'a\\u{d}\\u{a}b\\u{2028}c\\u{2029}' },
    { what: 'a tab', text: 'a\tb', shown: 'a\\u{9}b' },
    { what: 'a delete', text: '\x7f', shown: '\\u{7f}' },
    { what: 'a reversed direction', text: '\u202egnp.exe', shown: '\\u{202e}gnp.exe' },
    { what: 'an isolate', text: '\u2066a\u2069', shown: '\\u{2066}a\\u{2069}' },
    {
      what: 'what nobody sees',
      text: 'a\u200bb\ufeff\u00ad',
      shown: 'a\\u{200b}b\\u{feff}\\u{ad}',
    },
    { what: 'half of a character', text: '\ud83d', shown: '\\u{d83d}' },
    { what: 'hidden tags', text: 'a\u{e0041}', shown: 'a\\u{e0041}' },
  ])('shows $what as what it is', ({ text, shown }) => {
    expect(printable(text)).toBe(shown);
  });

  test.for(['', 'Ann Ä. #1', 'داود على', '山田太郎', '👩‍💻', 'می‌خواهم', ' ~'])(
    'leaves %o as it is',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  test('leaves no character that a terminal obeys', () => {
    for (let code = 0; code < 0x3000; code += 1)
      expect(printable(String.fromCodePoint(code))).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}]/u);
  });
});

describe('width', () => {
  test.for([
    { text: '', columns: 0 },
    { text: 'ann', columns: 3 },
    { text: 'Ä', columns: 1 },
    { text: 'A\u0308', columns: 1 },
    { text: 'داود', columns: 4 },
    { text: '山田', columns: 4 },
    { text: 'ｱﾝ', columns: 2 },
    { text: 'ＡＢ', columns: 4 },
    { text: '한글', columns: 4 },
    { text: '「」', columns: 4 },
    { text: '👩‍💻', columns: 2 },
    { text: '❤️', columns: 2 },
    { text: '#1', columns: 2 },
  ])('of $text is $columns', ({ text, columns }) => {
    expect(width(text)).toBe(columns);
  });
});

describe('table', () => {
  test('sets each column as wide as its widest cell', () => {
    const rows = [
      ['山田太郎', 'active', '1'],
      ['ann', 'idle-too-long', '22'],
    ];
    expect(table(['who', 'state', 'n'], rows).split('\n')).toEqual([
      'WHO       STATE          N',
      '山田太郎  active         1',
      'ann       idle-too-long  22',
    ]);
  });

  test('keeps its columns where a cell would move the cursor', () => {
    const [heading = '', ...rows] = table(
      ['who', 'state'],
      [
        [`${esc}[1A`, 'active'],
        ['a\nb', 'active'],
      ],
    ).split('\n');
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row.indexOf('active')).toBe(heading.indexOf('STATE'));
  });
});

describe('nameValueLines', () => {
  test('sets the values below one another, and ends each where it ends', () => {
    const lines = nameValueLines([
      ['contract', 'eos'],
      ['id', 'ends in a space '],
    ]);
    expect(lines).toBe('contract  eos\nid        ends in a space ');
  });
});
