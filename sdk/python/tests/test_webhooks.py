import base64
import time
import unittest

from gatehouse_client import ConfigurationError, KliqClient, WebhookVerificationError, verify_webhook

from .vectors import cases


class Webhooks(unittest.TestCase):
    def test_every_case_of_webhooks_json(self) -> None:
        for case in cases("webhooks.json"):
            with self.subTest(case["name"]):
                self._check(case["input"], case["expect"])

    def _check(self, given, expect) -> None:
        encoded = given.get("payloadBase64")
        payload = given["payload"].encode() if encoded is None else base64.b64decode(encoded)

        def verify():
            return verify_webhook(
                payload,
                given["headers"],
                given["secrets"],
                header=given["header"],
                style=given["style"],
                tolerance_seconds=given.get("toleranceSeconds", 300),
                now=given["now"],
            )

        if expect.get("valid"):
            verified = verify()
            self.assertEqual((verified.id, verified.timestamp), (expect["id"], expect["timestamp"]))
        elif expect["error"] == "configuration":
            with self.assertRaises(ConfigurationError) as caught:
                verify()
            self._hides_secrets(str(caught.exception), given)
        else:
            with self.assertRaises(WebhookVerificationError) as caught:
                verify()
            self.assertEqual(caught.exception.reason, expect["error"])
            self._hides_secrets(str(caught.exception), given)

    def _hides_secrets(self, text, given) -> None:
        for secret in given["secrets"]:
            if len(secret) > len("whsec_"):
                self.assertNotIn(secret[len("whsec_") :], text)

    def test_a_platforms_class_knows_its_own_header(self) -> None:
        case = next(case for case in cases("webhooks.json") if case["name"] == "timestamped: as it is sent")
        given = case["input"]
        self.assertEqual(given["header"], "X-Kliq-Signature")
        (secret,) = given["secrets"]
        verified = KliqClient.verify_webhook(given["payload"], given["headers"], secret, now=given["now"])
        self.assertEqual(verified.timestamp, given["now"])

    def test_without_a_platform_only_standard_webhooks_count(self) -> None:
        case = next(case for case in cases("webhooks.json") if case["name"] == "timestamped: as it is sent")
        given = case["input"]
        with self.assertRaises(WebhookVerificationError) as caught:
            verify_webhook(given["payload"], given["headers"], given["secrets"], now=given["now"])
        self.assertEqual(caught.exception.reason, "missing_signature")

    def test_now_is_the_clock_unless_it_is_given(self) -> None:
        case = next(case for case in cases("webhooks.json") if case["name"] == "standard: as it is sent")
        given = case["input"]
        with self.assertRaises(WebhookVerificationError) as caught:
            verify_webhook(
                given["payload"],
                given["headers"],
                given["secrets"],
                tolerance_seconds=abs(time.time() - given["now"]) / 2,
            )
        self.assertEqual(caught.exception.reason, "timestamp_out_of_tolerance")
