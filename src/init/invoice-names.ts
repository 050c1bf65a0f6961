// Under which headers invoices print what a line needs, in the languages that they come in; the likeliest first.
import type { InvoiceColumns } from '../pipeline/pipeline.js';

export type InvoiceColumn = keyof InvoiceColumns;

export const REQUIRED = [
  'invoice_id',
  'period_start',
  'period_end',
  'item',
  'amount',
] as const satisfies readonly InvoiceColumn[];

export const HEADERS: Readonly<Record<InvoiceColumn, readonly string[]>> = {
  invoice_id: [
    'invoiceid',
    'invoicenumber',
    'invoiceno',
    'invoice',
    'invoicenr',
    'documentnumber',
    'billid',
    'billnumber',
    'rechnungsnummer',
    'rechnungsnr',
    'rechnung',
    'numerodefacture',
    'facture',
    'factura',
  ],
  period_start: [
    'periodstart',
    'billingperiodstart',
    'serviceperiodstart',
    'startdate',
    'periodfrom',
    'from',
    'servicestart',
    'start',
    'leistungvon',
    'von',
    'debut',
    'desde',
  ],
  period_end: [
    'periodend',
    'billingperiodend',
    'serviceperiodend',
    'enddate',
    'periodto',
    'to',
    'through',
    'serviceend',
    'end',
    'leistungbis',
    'bis',
    'fin',
    'hasta',
  ],
  item: [
    'item',
    'lineitem',
    'product',
    'productname',
    'service',
    'sku',
    'itemname',
    'position',
    'artikel',
    'leistung',
    'description',
    'itemdescription',
    'lineitemdescription',
    'bezeichnung',
    'beschreibung',
    'designation',
    'concepto',
  ],
  amount: [
    'amount',
    'lineamount',
    'netamount',
    'totalamount',
    'amountusd',
    'amounteur',
    'total',
    'linetotal',
    'cost',
    'charge',
    'charges',
    'betrag',
    'nettobetrag',
    'montant',
    'importe',
  ],
  description: ['description', 'itemdescription', 'details', 'beschreibung'],
  quantity: ['quantity', 'qty', 'units', 'usage', 'menge', 'anzahl', 'quantite', 'cantidad'],
  unit: ['unit', 'unitofmeasure', 'uom', 'einheit', 'unite', 'unidad'],
  currency: ['currency', 'currencycode', 'billingcurrency', 'waehrung', 'wahrung', 'devise', 'moneda'],
  charge_start: ['chargestart', 'usagestart', 'linestart', 'chargeperiodstart'],
  charge_end: ['chargeend', 'usageend', 'lineend', 'chargeperiodend'],
  category: ['chargecategory'],
};

/** Where one printed date has to do for both ends of the period. */
export const ONE_DATE = ['invoicedate', 'billingdate', 'date', 'issuedate', 'rechnungsdatum', 'datum', 'month', 'billingmonth'];

export const VENDORS = [
  'vendor',
  'vendorname',
  'supplier',
  'suppliername',
  'provider',
  'providername',
  'seller',
  'issuer',
  'lieferant',
  'anbieter',
  'fournisseur',
];

export const TOTALS =
  /^(grand total|total|totals|total due|total amount|amount due|invoice total|sum|summe|gesamt|gesamtbetrag|gesamtsumme|rechnungsbetrag|total général|suma)\s*:?$/i;

/** Words of folders and files that say that there is a bill, and not whose. */
export const GENERIC =
  /^(bills?|billing|invoices?|exports?|costs?|usage|logs?|data|downloads?|files?|input|inputs|csv|finance|rechnung(en)?|statement|statements|report|reports|out|output|the|my|all|new|old|final|copy|v|q|part|fy|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)$/i;

export const DATE_PATTERNS = [
  'yyyy-MM-dd',
  'dd.MM.yyyy',
  'MM/dd/yyyy',
  'dd/MM/yyyy',
  'yyyy/MM/dd',
  'dd-MM-yyyy',
  'dd MMM yyyy',
  'MMM d, yyyy',
  'MMMM d, yyyy',
  'dd-MMM-yyyy',
  'yyyyMMdd',
  'dd.MM.yy',
  'MM/dd/yy',
  "yyyy-MM-dd'T'HH:mm:ssX",
  'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM',
];
