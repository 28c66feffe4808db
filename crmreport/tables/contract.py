"""The contract: what each table and each of its columns means, which a project's data are read into."""

from __future__ import annotations

from crmreport.language import _t
from crmreport.tables.column import (
    Column,
    Table,
    Type,
    boolean,
    date,
    integer,
    money,
    number,
    text,
    timestamp,
)

__all__ = ["TABLES", "Column", "Table", "Type", "dimension_title", "table"]

CUSTOMERS = Table(
    name="customers",
    title=_t("Customers"),
    meaning=_t("One row per customer: who they are and since when."),
    key=("customer_id",),
    columns=(
        text("customer_id", _t("Identifies the customer in every table"), required=True, private=True),
        text("name", _t("Name of the person or company"), private=True),
        text("email", _t("E-mail address"), private=True),
        text("phone", _t("Telephone number"), private=True),
        text("address", _t("Postal address"), private=True),
        text("customer_type", _t("Person or company"), dimension=_t("Customer type")),
        text("country", _t("Country of the customer"), dimension=_t("Country")),
        text("region", _t("Sales region of the customer"), dimension=_t("Region")),
        text("city", _t("City of the customer")),
        date("birth_date", _t("Date of birth"), private=True),
        text("gender", _t("Gender, as the customer states it")),
        text("education", _t("Highest education")),
        text("marital_status", _t("Marital status")),
        money("annual_income", _t("Yearly income, as the customer states it"), private=True, low=0),
        text("industry", _t("Industry of a company"), dimension=_t("Industry")),
        integer("employees", _t("People employed by a company"), unit="people", low=0),
        text(
            "lifestyle", _t("Psychographic group: values, interests, way of life"), dimension=_t("Lifestyle")
        ),
        text("tier", _t("Service or loyalty level"), dimension=_t("Tier")),
        text("lead_source", _t("Channel through which the customer was won"), dimension=_t("Lead source")),
        timestamp("joined_at", _t("When the customer relation began")),
        timestamp(
            "left_at",
            _t("When the customer ended the relation; missing while it lasts"),
            not_before="joined_at",
        ),
    ),
)

PRODUCTS = Table(
    name="products",
    title=_t("Products"),
    meaning=_t("One row per product or service sold."),
    key=("product_id",),
    columns=(
        text("product_id", _t("Identifies the product"), required=True),
        text("product_name", _t("Name of the product")),
        text("category", _t("Product category"), dimension=_t("Category")),
        money("list_price", _t("Price before discounts"), low=0),
        money("unit_cost", _t("Cost of one unit to the company"), low=0),
    ),
)

ORDERS = Table(
    name="orders",
    title=_t("Orders placed"),
    meaning=_t("One row per order placed."),
    key=("order_id",),
    clock="ordered_at",
    columns=(
        text("order_id", _t("Identifies the order"), required=True, private=True),
        text("customer_id", _t("Customer who ordered"), required=True, private=True, references="customers"),
        timestamp("ordered_at", _t("When the order was placed"), required=True),
        money(
            "amount",
            _t("Value of the order after discounts and returns; where missing, the sum of its lines"),
        ),
        money("discount", _t("Discount given on the order"), low=0),
        text("sales_channel", _t("Channel through which the order came"), dimension=_t("Sales channel")),
        text("sales_team", _t("Team that is credited with the order"), dimension=_t("Sales team")),
        text("campaign_id", _t("Campaign that led to the order"), references="campaigns"),
    ),
)

ORDER_LINES = Table(
    name="order_lines",
    title=_t("Order lines"),
    meaning=_t("One row per product on an order."),
    key=(),
    columns=(
        text(
            "order_id", _t("Order that the line belongs to"), required=True, private=True, references="orders"
        ),
        text("product_id", _t("Product ordered"), required=True, references="products"),
        number("quantity", _t("Units ordered; negative for a return"), required=True, unit="units"),
        money("unit_price", _t("Price paid for one unit"), required=True, low=0),
    ),
)

INTERACTIONS = Table(
    name="interactions",
    title=_t("Interactions"),
    meaning=_t("One row per contact or service case."),
    key=("interaction_id",),
    clock="opened_at",
    columns=(
        text("interaction_id", _t("Identifies the contact or case"), required=True, private=True),
        text("customer_id", _t("Customer concerned"), private=True, references="customers"),
        text("contact_channel", _t("Channel of the contact"), dimension=_t("Contact channel")),
        text(
            "direction", _t("inbound from the customer, outbound to the customer"), dimension=_t("Direction")
        ),
        text("agent", _t("Employee who handled it"), private=True),
        text("service_team", _t("Team that handled it"), dimension=_t("Service team")),
        timestamp("opened_at", _t("When it began"), required=True),
        timestamp(
            "first_response_at",
            _t("First answer by a person; missing until there is one"),
            not_before="opened_at",
        ),
        timestamp(
            "resolved_at", _t("When it was resolved; missing while it is open"), not_before="opened_at"
        ),
        timestamp(
            "due_at",
            _t("When it was promised to be done: the follow-up made, or the customer's case resolved"),
        ),
        text(
            "issue_type",
            _t("What it was about; 'Change request' and 'Missing feature' are counted apart"),
            dimension=_t("Issue type"),
        ),
        boolean("is_complaint", _t("Whether the customer complained")),
        integer("reopened_count", _t("How often it was opened again"), unit="times", low=0),
        integer(
            "transfer_count", _t("How often it was handed to another team or employee"), unit="times", low=0
        ),
    ),
)

FEEDBACK = Table(
    name="feedback",
    title=_t("Feedback"),
    meaning=_t("One row per answered survey."),
    key=("feedback_id",),
    clock="answered_at",
    columns=(
        text("feedback_id", _t("Identifies the answer"), required=True, private=True),
        text("customer_id", _t("Customer who answered"), private=True, references="customers"),
        timestamp("answered_at", _t("When it was answered"), required=True),
        text("survey_channel", _t("Channel of the survey"), dimension=_t("Survey channel")),
        text(
            "interaction_id",
            _t("Contact or case that the survey followed"),
            private=True,
            references="interactions",
        ),
        integer("csat", _t("Satisfaction, 1 very dissatisfied to 5 very satisfied"), low=1, high=5),
        integer("nps", _t("Likelihood to recommend, 0 to 10"), low=0, high=10),
        integer("ces", _t("'It was easy', 1 strongly disagree to 7 strongly agree"), low=1, high=7),
        integer("repurchase_intention", _t("Likelihood to buy again, 1 to 5"), low=1, high=5),
        text("kano_feature", _t("Feature that the Kano pair asks about")),
        integer(
            "kano_functional", _t("Kano: if the feature is there, 1 like it to 5 dislike it"), low=1, high=5
        ),
        integer(
            "kano_dysfunctional", _t("Kano: if it is not there, 1 like it to 5 dislike it"), low=1, high=5
        ),
        text("comment", _t("What the customer wrote"), private=True),
        timestamp(
            "replied_at",
            _t("When the company answered what the customer wrote; missing until it did"),
            not_before="answered_at",
        ),
    ),
)

INVITATIONS = Table(
    name="invitations",
    title=_t("Survey invitations"),
    meaning=_t("One row per person asked to answer a survey."),
    key=("invitation_id",),
    clock="invited_at",
    columns=(
        text("invitation_id", _t("Identifies the invitation"), required=True, private=True),
        text("customer_id", _t("Customer who was asked"), private=True, references="customers"),
        text("survey_channel", _t("Channel of the survey"), dimension=_t("Survey channel")),
        timestamp("invited_at", _t("When the customer was asked"), required=True),
        timestamp(
            "answered_at",
            _t("When the survey was answered; missing where it was not"),
            not_before="invited_at",
        ),
    ),
)

EVENTS = Table(
    name="events",
    title=_t("Events"),
    meaning=_t("One row per action on the web site, in the app or in the product."),
    key=(),
    clock="occurred_at",
    columns=(
        text("visitor_id", _t("Identifies the visitor or device"), required=True, private=True),
        text("customer_id", _t("Customer, where the visitor is known"), private=True, references="customers"),
        text("session_id", _t("Visit that the action belongs to"), private=True),
        timestamp("occurred_at", _t("When it happened"), required=True),
        text("page", _t("Page or feature used")),
        text("action", _t("What was done: view, click, add to cart, purchase ..."), dimension=_t("Action")),
        text("traffic_source", _t("Where the visit came from"), dimension=_t("Traffic source")),
        text("device", _t("Kind of device"), dimension=_t("Device")),
    ),
)

OPPORTUNITIES = Table(
    name="opportunities",
    title=_t("Opportunities"),
    meaning=_t("One row per sales opportunity, from lead to close."),
    key=("opportunity_id",),
    clock="created_at",
    columns=(
        text("opportunity_id", _t("Identifies the opportunity"), required=True, private=True),
        text("customer_id", _t("Customer, once there is one"), private=True, references="customers"),
        text("opportunity_name", _t("Name given to it"), private=True),
        text("product_id", _t("Product it is about"), references="products"),
        text("owner", _t("Employee who leads it"), private=True),
        text("sales_team", _t("Team that leads it"), dimension=_t("Sales team")),
        text("lead_source", _t("Channel through which the lead came"), dimension=_t("Lead source")),
        text("region", _t("Sales region of the lead"), dimension=_t("Region")),
        text("stage", _t("Stage it has reached")),
        money("amount", _t("Expected value, or the value won"), low=0),
        timestamp("created_at", _t("When the lead was created"), required=True),
        timestamp(
            "closed_at", _t("When it was won or lost; missing while it is open"), not_before="created_at"
        ),
        boolean("is_won", _t("Whether it was won; missing while it is open")),
    ),
)

STAGE_HISTORY = Table(
    name="stage_history",
    title=_t("Stage history"),
    meaning=_t("One row per opportunity and stage it entered."),
    key=("opportunity_id", "stage"),
    columns=(
        text("opportunity_id", _t("Opportunity"), required=True, private=True, references="opportunities"),
        text("stage", _t("Stage entered"), required=True),
        integer("stage_order", _t("Place of the stage in the funnel, from 1"), required=True, low=1),
        timestamp("entered_at", _t("When it was entered"), required=True),
        money("amount", _t("Expected value at that time"), low=0),
    ),
)

CAMPAIGNS = Table(
    name="campaigns",
    title=_t("Campaigns"),
    meaning=_t("One row per campaign and day or period of spending."),
    key=("campaign_id", "starts_on"),
    columns=(
        text("campaign_id", _t("Identifies the campaign"), required=True),
        text("campaign_name", _t("Name of the campaign")),
        text("marketing_channel", _t("Channel of the campaign"), dimension=_t("Marketing channel")),
        boolean("is_online", _t("Whether the channel is online")),
        date("starts_on", _t("First day that the row covers"), required=True),
        date("ends_on", _t("Last day that the row covers"), not_before="starts_on"),
        money("spend", _t("Money spent"), low=0),
        integer("impressions", _t("Times shown"), unit="times", low=0),
        integer("deliveries", _t("Messages delivered"), unit="messages", low=0),
        integer("opens", _t("Messages opened"), unit="messages", low=0),
        integer("clicks", _t("Clicks"), unit="times", low=0),
        integer("unsubscribes", _t("People who unsubscribed"), unit="people", low=0),
        integer("target_customers", _t("Customers addressed"), unit="customers", low=0),
        integer("target_buyers", _t("Customers addressed who bought"), unit="customers", low=0),
        integer("control_customers", _t("Customers held out as a control group"), unit="customers", low=0),
        integer("control_buyers", _t("Customers held out who bought"), unit="customers", low=0),
    ),
)

MARKET = Table(
    name="market",
    title=_t("Market"),
    meaning=_t("One row per series and period: own and competitors' sales, the industry, the economy."),
    key=("series", "starts_on", "published_on"),
    columns=(
        text("series", _t("Name of the series"), required=True),
        text("kind", _t("own, competitor, industry or macro"), required=True),
        text("organisation", _t("Company that the series is about")),
        date("starts_on", _t("First day that the value covers"), required=True),
        date("published_on", _t("When the value was published; later ones revise earlier ones")),
        number("value", _t("Value of the series"), required=True),
        text("unit", _t("Unit of the value")),
        text("source", _t("Who publishes it")),
    ),
)

TABLES = (
    CUSTOMERS,
    PRODUCTS,
    ORDERS,
    ORDER_LINES,
    INTERACTIONS,
    FEEDBACK,
    INVITATIONS,
    EVENTS,
    OPPORTUNITIES,
    STAGE_HISTORY,
    CAMPAIGNS,
    MARKET,
)


def table(name: str) -> Table:
    """Return the contract's table of that name; KeyError if there is none."""
    for each in TABLES:
        if each.name == name:
            return each
    raise KeyError(name)


def dimension_title(name: str) -> str:
    """Return the title of a dimension, in English, marked for the catalogue; KeyError if there is none."""
    for each in TABLES:
        for column in each.columns:
            if column.name == name and column.dimension:
                return column.dimension
    raise KeyError(name)
