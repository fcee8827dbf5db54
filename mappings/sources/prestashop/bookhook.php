<?php
/**
 * Tells Bookhook of every order whose status changes or that gets a credit slip, signed by Standard Webhooks.
 * PrestaShop 1.7.7 or newer; modules/bookhook/bookhook.php.
 */
if (!defined('_PS_VERSION_')) {
    exit;
}

class Bookhook extends Module
{
    public function __construct()
    {
        $this->name = 'bookhook';
        $this->tab = 'billing_invoicing';
        $this->version = '1.0.0';
        $this->author = 'Bookhook';
        $this->ps_versions_compliancy = ['min' => '1.7.7.0', 'max' => _PS_VERSION_];
        parent::__construct();
        $this->displayName = 'Bookhook';
        $this->description = 'Tells Bookhook of orders that are paid, credited or cancelled.';
    }

    public function install()
    {
        return parent::install()
            && $this->registerHook('actionOrderStatusPostUpdate')
            && $this->registerHook('actionOrderSlipAdd');
    }

    public function hookActionOrderStatusPostUpdate(array $params)
    {
        $this->tell((int) $params['id_order']);
    }

    public function hookActionOrderSlipAdd(array $params)
    {
        $this->tell((int) $params['order']->id);
    }

    private function tell(int $orderId): void
    {
        try {
            $this->send(json_encode(
                ['type' => 'order.changed', 'order' => $this->describe(new Order($orderId))],
                JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES
            ));
        } catch (Throwable $trouble) { // whatever it is, it must not stop a checkout
            PrestaShopLogger::addLog(
                "Bookhook was not told of order $orderId: " . $trouble->getMessage(), 3, null, 'Order', $orderId, true
            );
        }
    }

    private function send(string $body): void
    {
        $secret = (string) Configuration::get('BOOKHOOK_SECRET');
        $key = strpos($secret, 'whsec_') === 0 ? base64_decode(substr($secret, 6), true) : false;
        if ($key === false || strlen($key) < 24) {
            throw new RuntimeException('BOOKHOOK_SECRET is not whsec_ and base64 of 24 bytes or more');
        }
        $id = 'msg_' . bin2hex(random_bytes(12));
        $time = time();
        $signature = base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
        $call = curl_init((string) Configuration::get('BOOKHOOK_URL'));
        curl_setopt_array($call, [
            CURLOPT_PROTOCOLS => CURLPROTO_HTTPS,
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => [
                'Content-Type: application/json',
                "webhook-id: $id",
                "webhook-timestamp: $time",
                "webhook-signature: v1,$signature",
            ],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_CONNECTTIMEOUT => 2,
            CURLOPT_TIMEOUT => 5,
        ]);
        curl_exec($call);
        $status = (int) curl_getinfo($call, CURLINFO_RESPONSE_CODE);
        $error = curl_error($call);
        curl_close($call);
        if ($status < 200 || $status > 299) {
            throw new RuntimeException("answered $status $error");
        }
    }

    private function describe(Order $order): array
    {
        $currency = new Currency($order->id_currency);
        $places = (int) ($currency->precision ?? 2);
        $money = function ($amount) use ($places, $order): string {
            return number_format(Tools::ps_round((float) $amount, $places, (int) $order->round_mode), $places, '.', '');
        };
        $state = new OrderState($order->current_state, $order->id_lang);
        $customer = new Customer($order->id_customer);
        $address = new Address($order->id_address_invoice);

        return [
            'id' => (int) $order->id,
            'reference' => $order->reference,
            'date_add' => $order->date_add,
            'date_upd' => $order->date_upd,
            'state' => [
                'name' => $state->name,
                'is_paid' => (bool) $state->paid,
                'is_valid' => (bool) $state->logable,
                'is_cancelled' => (int) $state->id === (int) Configuration::get('PS_OS_CANCELED'),
                'is_refunded' => (int) $state->id === (int) Configuration::get('PS_OS_REFUND'),
            ],
            'currency' => $currency->iso_code,
            'module' => $order->module,
            'total_paid_tax_incl' => $money($order->total_paid_tax_incl),
            'total_paid_real' => $money($order->total_paid_real),
            'customer' => [
                'id' => (int) $customer->id,
                'email' => $customer->email,
                'firstname' => $customer->firstname,
                'lastname' => $customer->lastname,
            ],
            'address' => [
                'company' => $address->company,
                'firstname' => $address->firstname,
                'lastname' => $address->lastname,
                'address1' => $address->address1,
                'address2' => $address->address2,
                'postcode' => $address->postcode,
                'city' => $address->city,
                'state' => State::getNameById((int) $address->id_state) ?: null,
                'country' => $address->country,
                'phone' => $address->phone ?: $address->phone_mobile,
            ],
            'products' => array_values(array_map(function (array $row) use ($money): array {
                return [
                    'name' => $row['product_name'],
                    'reference' => $row['product_reference'],
                    'quantity' => (int) $row['product_quantity'],
                    'tax_rate' => (string) (float) $row['tax_rate'],
                    'total_tax_excl' => $money($row['total_price_tax_excl']),
                    'total_tax_incl' => $money($row['total_price_tax_incl']),
                ];
            }, $order->getProducts())),
            'shipping' => [
                'name' => (new Carrier($order->id_carrier))->name ?: null,
                'tax_rate' => (string) (float) $order->carrier_tax_rate,
                'total_tax_excl' => $money($order->total_shipping_tax_excl),
                'total_tax_incl' => $money($order->total_shipping_tax_incl),
            ],
            'wrapping' => [
                'total_tax_excl' => $money($order->total_wrapping_tax_excl),
                'total_tax_incl' => $money($order->total_wrapping_tax_incl),
            ],
            'discounts' => [
                'is_shipping_free' => in_array(1, array_map('intval', array_column($order->getCartRules(), 'free_shipping')), true),
                'total_tax_excl' => $money($order->total_discounts_tax_excl),
                'total_tax_incl' => $money($order->total_discounts_tax_incl),
            ],
            'slips' => array_map(function (OrderSlip $slip) use ($money): array {
                return [
                    'id' => (int) $slip->id,
                    'date_add' => $slip->date_add,
                    'amount' => $money($slip->amount),
                    'products_tax_excl' => $money($slip->total_products_tax_excl),
                    'products_tax_incl' => $money($slip->total_products_tax_incl),
                    'shipping_tax_incl' => $money($slip->total_shipping_tax_incl),
                ];
            }, $order->getOrderSlipsCollection()->getResults()),
        ];
    }
}
