/**
 * Tells Bookhook of orders, captures, refunds and cancellations, signed by Standard Webhooks.
 * Medusa 2; src/subscribers/bookhook.ts. Needs BOOKHOOK_URL and BOOKHOOK_SECRET in the environment.
 */
import { createHmac, randomUUID } from "node:crypto"
import type { SubscriberArgs, SubscriberConfig } from "@medusajs/framework"

export const config: SubscriberConfig = {
  event: ["order.placed", "order.canceled", "payment.captured", "payment.refunded"],
  context: { subscriberId: "bookhook" },
}

// By ISO 4217, as Bookhook reads amounts; all others have two. Intl is no help: it gives the forint none.
const DECIMALS = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
}

const TOTALS = ["total", "tax_total", "original_total", "original_tax_total", "is_tax_inclusive"]
const TAXES = ["tax_lines.rate", "tax_lines.code", "tax_lines.description", "tax_lines.total"]
const FIELDS = [
  ...["id", "display_id", "currency_code", "email", "customer_id", "created_at", "updated_at", "canceled_at", "total"],
  ...["id", "title", "variant_title", "variant_sku", "quantity", ...TOTALS, ...TAXES].map((field) => `items.${field}`),
  ...["id", "name", ...TOTALS, ...TAXES].map((field) => `shipping_methods.${field}`),
  "billing_address.*",
  "payment_collections.payments.provider_id",
  "payment_collections.payments.captures.*",
  "payment_collections.payments.refunds.*",
]

export default async function tellBookhook({ event, container }: SubscriberArgs<{ id: string }>) {
  const query = container.resolve("query")
  const find = async (entity: string, id: string, fields: string[]): Promise<any> =>
    (await query.graph({ entity, fields, filters: { id } })).data[0]

  const orderId = event.name.startsWith("payment.")
    ? (await find("payment", event.data.id, ["payment_collection.order.id"]))?.payment_collection?.order?.id
    : event.data.id
  const order = orderId && (await find("order", orderId, FIELDS))
  if (!order) return // a payment that belongs to no order

  await send(JSON.stringify({ type: event.name, at: new Date().toISOString(), order: describe(order) }))
}

function describe(order: any) {
  const currency = String(order.currency_code).toUpperCase()
  const places = Number(Object.entries(DECIMALS).find(([, codes]) => codes.split(" ").includes(currency))?.[0] ?? 2)
  // Medusa computes with fractions of cents; what is charged is rounded like this, to whole cents.
  const cents = (amount: unknown) => Math.round(Number((Number(amount ?? 0) * 10 ** places).toPrecision(15)))
  const totals = (row: any) => ({
    is_tax_inclusive: Boolean(row.is_tax_inclusive),
    original_total: cents(row.original_total),
    original_tax_total: cents(row.original_tax_total),
    total: cents(row.total),
    tax_total: cents(row.tax_total),
    taxes: (row.tax_lines ?? []).map((tax: any) => ({
      name: tax.description || tax.code || null,
      rate: String(tax.rate),
      amount: cents(tax.total),
    })),
  })
  const payments = (order.payment_collections ?? []).flatMap((each: any) => each?.payments ?? [])
  const moves = (kind: "captures" | "refunds") =>
    payments.flatMap((payment: any) =>
      (payment?.[kind] ?? []).map((move: any) => ({
        id: move.id,
        at: move.created_at,
        amount: cents(move.amount),
        provider: payment.provider_id,
      }))
    )
  return {
    id: order.id,
    display_id: order.display_id,
    currency,
    email: order.email,
    customer_id: order.customer_id,
    created_at: order.created_at,
    updated_at: order.updated_at,
    canceled_at: order.canceled_at ?? null,
    billing_address: order.billing_address ?? null,
    items: (order.items ?? []).map((item: any) => ({
      title: item.title,
      variant_title: item.variant_title ?? null,
      sku: item.variant_sku ?? null,
      quantity: Number(item.quantity),
      ...totals(item),
    })),
    shipping_methods: (order.shipping_methods ?? []).map((method: any) => ({ name: method.name, ...totals(method) })),
    total: cents(order.total),
    captures: moves("captures"),
    refunds: moves("refunds"),
  }
}

async function send(body: string) {
  const [url, secret] = [process.env.BOOKHOOK_URL ?? "", process.env.BOOKHOOK_SECRET ?? ""]
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64")
  if (!url.startsWith("https://") || !secret.startsWith("whsec_") || key.length < 24) {
    throw new Error("BOOKHOOK_URL must be https://…, BOOKHOOK_SECRET whsec_ and base64 of 24 bytes or more")
  }
  const id = `msg_${randomUUID()}`
  const time = Math.floor(Date.now() / 1000)
  const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(time),
      "webhook-signature": `v1,${signature}`,
    },
    body,
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  })
  // What is thrown here is tried again as often as the event bus is told to.
  if (!answer.ok) throw new Error(`Bookhook answered ${answer.status}`)
}
