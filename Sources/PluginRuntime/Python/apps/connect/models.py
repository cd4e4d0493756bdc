"""Integrations that receive system events, and what was sent to them."""

from django.db import models


class Integration(models.Model):
    TYPE_CHOICES = [("webhook", "Webhook"), ("api", "API"), ("script", "Script")]

    name = models.CharField(max_length=255)
    type = models.CharField(max_length=50, choices=TYPE_CHOICES)
    config = models.JSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_connect_integration"

    def __str__(self):
        return f"{self.name} ({self.type})"


class EventSubscription(models.Model):
    event = models.CharField(max_length=100)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="subscriptions")
    enabled = models.BooleanField(default=True)
    payload_template = models.TextField(null=True, blank=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_connect_eventsubscription"

    def __str__(self):
        return f"{self.event} -> {self.integration.name}"


class DeliveryLog(models.Model):
    STATUS_CHOICES = [("success", "Success"), ("failed", "Failed")]

    subscription = models.ForeignKey(EventSubscription, on_delete=models.CASCADE, related_name="logs")
    status = models.CharField(max_length=50, choices=STATUS_CHOICES)
    request_payload = models.JSONField(default=dict, blank=True)
    response_payload = models.JSONField(default=dict, blank=True)
    error_message = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_connect_deliverylog"

    def __str__(self):
        return f"{self.subscription} {self.status} {self.created_at}"
