// What zod's schemas say of themselves: the parts by which tests go through the configuration.

export interface Definition {
  readonly type: string;
  readonly shape?: { readonly [key: string]: { readonly def: Definition } };
  readonly innerType?: { readonly def: Definition };
  readonly in?: { readonly def: Definition };
  readonly valueType?: { readonly def: Definition };
  readonly element?: { readonly def: Definition };
  readonly options?: readonly { readonly def: Definition }[];
}
