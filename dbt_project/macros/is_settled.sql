{#
    An order is judged across streams once a minute of newer events has passed: a file of the lake
    may end between two events of one transaction.
#}
{% macro is_settled(orders) -%}
    orders.last_event_at < (select max(newest.last_event_at) - interval 1 minute from {{ orders }} as newest)
{%- endmacro %}
