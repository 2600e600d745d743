// What Python answers; playground/answers.py makes it.

export interface Edit {
  from: number;
  to: number;
  insert: string;
}

export interface Finding {
  start: number;
  end: number;
  code: string;
  rule: string;
  severity: "error" | "warning" | "info";
  message: string;
  page: string;
  fix: { title: string; applicability: "safe" | "unsafe" | "display-only"; edits: Edit[] } | null;
}

export interface Reading {
  start: number;
  tokens: [number, number, string][];
  findings: Finding[];
}

export type Row = [string, string];

export interface Request {
  fields: Row[];
  form: string;
  json: string;
  curl: string;
  python: string;
}

export interface Price {
  cents: string;
  model: string;
  seconds: number;
  is_default: boolean;
  base: string;
  per_second: string;
  assumed: string;
  source: string;
}

export interface PromptAnswer extends Reading {
  text: string;
  status: "translated" | "unchanged" | "refused";
  reads: { title: string; says: string; fields: Row[][] };
  meant: { text: string; edit: Edit; fields: Row[]; same: boolean; fixed: string[]; left: string[] } | null;
  requests: Request[];
  prices: Price[];
}

export interface Look {
  count: number;
  number: number;
  start: number;
  end: number;
  shown: Reading[];
  prompt: PromptAnswer;
}

export interface RuleCount {
  code: string;
  rule: string;
  count: number;
  page: string;
  severity: string;
}

export interface SurveyAnswer {
  total: number;
  done: number;
  statuses: Record<string, number>;
  rules: RuleCount[];
  price: string;
  priced: number;
  rows: { number: number; start: number; text: string; status: string; severity: string; codes: string[] }[];
}

export interface ModelRow {
  name: string;
  lengths: string;
  price: string;
  seconds: number | null;
  assumed: string;
  per_second: string;
  capabilities: string[];
}

export interface ModelsAnswer {
  edition: string;
  source: string;
  capabilities: { key: string; title: string }[];
  total: number;
  rows: ModelRow[];
}
