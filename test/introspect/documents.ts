/** `$metadata` as Dynamics 2011 writes it, cut to what matters. */
export const dynamics2011Metadata = `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">
<edmx:DataServices m:DataServiceVersion="2.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">
<Schema Namespace="Microsoft.Crm.Sdk.Data.Services" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">
<EntityType Name="Account">
  <Key><PropertyRef Name="AccountId"/></Key>
  <Property Name="AccountId" Type="Edm.Guid" Nullable="false"/>
  <Property Name="Name" Type="Edm.String" Nullable="true"/>
  <Property Name="NumberOfEmployees" Type="Edm.Int32" Nullable="true"/>
  <Property Name="Revenue" Type="Microsoft.Crm.Sdk.Data.Services.Money" Nullable="false"/>
  <Property Name="CustomerTypeCode" Type="Microsoft.Crm.Sdk.Data.Services.OptionSetValue" Nullable="false"/>
  <Property Name="optevia_Sector" Type="Microsoft.Crm.Sdk.Data.Services.EntityReference" Nullable="false"/>
  <Property Name="ParentAccountId" Type="Microsoft.Crm.Sdk.Data.Services.EntityReference" Nullable="false"/>
  <Property Name="OwnerId" Type="Microsoft.Crm.Sdk.Data.Services.EntityReference" Nullable="false"/>
  <Property Name="EntityImage" Type="Edm.Binary" Nullable="true"/>
  <Property Name="CreatedOn" Type="Edm.DateTime" Nullable="true"/>
  <Property Name="ModifiedOn" Type="Edm.DateTime" Nullable="true"/>
  <NavigationProperty Name="account_parent_account" Relationship="Microsoft.Crm.Sdk.Data.Services.account_parent_account" FromRole="Referencing" ToRole="Referenced"/>
</EntityType>
<EntityType Name="optevia_sector">
  <Key><PropertyRef Name="optevia_sectorId"/></Key>
  <Property Name="optevia_sectorId" Type="Edm.Guid" Nullable="false"/>
  <Property Name="optevia_name" Type="Edm.String" Nullable="true"/>
  <Property Name="CreatedOn" Type="Edm.DateTime" Nullable="true"/>
  <Property Name="ModifiedOn" Type="Edm.DateTime" Nullable="true"/>
</EntityType>
<EntityType Name="ListMember">
  <Key><PropertyRef Name="ListId"/><PropertyRef Name="EntityId"/></Key>
  <Property Name="ListId" Type="Edm.Guid" Nullable="false"/>
  <Property Name="EntityId" Type="Edm.Guid" Nullable="false"/>
</EntityType>
<Association Name="account_parent_account">
  <End Type="Microsoft.Crm.Sdk.Data.Services.Account" Role="Referencing" Multiplicity="*"/>
  <End Type="Microsoft.Crm.Sdk.Data.Services.Account" Role="Referenced" Multiplicity="0..1"/>
</Association>
<EntityContainer Name="FictionContext" m:IsDefaultEntityContainer="true">
  <EntitySet Name="AccountSet" EntityType="Microsoft.Crm.Sdk.Data.Services.Account"/>
  <EntitySet Name="optevia_sectorSet" EntityType="Microsoft.Crm.Sdk.Data.Services.optevia_sector"/>
  <EntitySet Name="ListMemberSet" EntityType="Microsoft.Crm.Sdk.Data.Services.ListMember"/>
</EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;

/** `$metadata` as Dataverse writes it, with an alias, a base type, and a lookup of several targets. */
export const dataverseMetadata = `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
<edmx:Reference Uri="http://vocabularies.odata.org/x.xml"><edmx:Include Namespace="Org.OData.Core.V1" Alias="Core"/></edmx:Reference>
<edmx:DataServices>
<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="crmbaseentity" Abstract="true"/>
<EntityType Name="expando" BaseType="mscrm.crmbaseentity" OpenType="true"/>
<EntityType Name="account" BaseType="mscrm.crmbaseentity">
  <Key><PropertyRef Name="accountid"/></Key>
  <Property Name="accountid" Type="Edm.Guid"/>
  <Property Name="name" Type="Edm.String" MaxLength="160" Unicode="false"/>
  <Property Name="description" Type="Edm.String" MaxLength="max"/>
  <Property Name="revenue" Type="Edm.Decimal" Precision="19" Scale="4"/>
  <Property Name="versionnumber" Type="Edm.Int64"/>
  <Property Name="new_foundedon" Type="Edm.Date"/>
  <Property Name="lastverified" Type="Edm.DateTimeOffset"/>
  <Property Name="_primarycontactid_value" Type="Edm.Guid"/>
  <Property Name="_ownerid_value" Type="Edm.Guid"/>
  <Property Name="createdon" Type="Edm.DateTimeOffset"/>
  <Property Name="modifiedon" Type="Edm.DateTimeOffset"/>
  <NavigationProperty Name="primarycontactid" Type="mscrm.contact" Partner="account_primary_contact">
    <ReferentialConstraint Property="_primarycontactid_value" ReferencedProperty="contactid"/></NavigationProperty>
  <NavigationProperty Name="ownerid_user" Type="mscrm.systemuser"><ReferentialConstraint Property="_ownerid_value" ReferencedProperty="systemuserid"/></NavigationProperty>
  <NavigationProperty Name="ownerid_team" Type="mscrm.team"><ReferentialConstraint Property="_ownerid_value" ReferencedProperty="teamid"/></NavigationProperty>
  <NavigationProperty Name="contact_customer_accounts" Type="Collection(mscrm.contact)"/>
  <NavigationProperty Name="account_contacts_association" Type="Collection(mscrm.contact)" Partner="contact_accounts_association"/>
</EntityType>
<EntityType Name="contact" BaseType="Microsoft.Dynamics.CRM.crmbaseentity">
  <Key><PropertyRef Name="contactid"/></Key>
  <Property Name="contactid" Type="Edm.Guid"/>
  <Property Name="lastname" Type="Edm.String" MaxLength="50" Nullable="false"/>
  <Property Name="_parentcustomerid_value" Type="Edm.Guid"/>
  <Property Name="modifiedon" Type="Edm.DateTimeOffset"/>
  <NavigationProperty Name="contact_accounts_association" Type="Collection(mscrm.account)" Partner="account_contacts_association"/>
  <NavigationProperty Name="parentcustomerid_account" Type="mscrm.account"><ReferentialConstraint Property="_parentcustomerid_value" ReferencedProperty="accountid"/></NavigationProperty>
</EntityType>
<EntityContainer Name="System">
  <EntitySet Name="accounts" EntityType="Microsoft.Dynamics.CRM.account"/>
  <EntitySet Name="contacts" EntityType="Microsoft.Dynamics.CRM.contact"/>
</EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;

/** A service of version 3 that is not Dynamics: two schemas, lookups by constraints, odd names. */
export const genericMetadata = `<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">
<edmx:DataServices m:DataServiceVersion="3.0" m:MaxDataServiceVersion="3.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">
<Schema Namespace="Fiction.Model" xmlns="http://schemas.microsoft.com/ado/2009/11/edm">
<EntityType Name="Part">
  <Key><PropertyRef Name="Id"/></Key>
  <Property Name="Id" Type="Edm.Guid" Nullable="false"/>
  <Property Name="save" Type="Edm.String" Nullable="false" MaxLength="40"/>
  <Property Name="Weight" Type="Edm.Double"/>
  <Property Name="Serial" Type="Edm.Int64" Nullable="false"/>
  <Property Name="MadeAt" Type="Edm.DateTimeOffset"/>
  <Property Name="MakerId" Type="Edm.Guid"/>
  <Property Name="SparePartOfId" Type="Edm.Guid"/>
  <Property Name="Tags" Type="Collection(Edm.String)"/>
  <Property Name="Place" Type="Fiction.Model.Place"/>
  <NavigationProperty Name="Maker" Relationship="Fiction.Model.PartMaker" FromRole="Part" ToRole="Maker"/>
  <NavigationProperty Name="SparePartOf" Relationship="Fiction.Model.Spare" FromRole="Spare" ToRole="Whole"/>
</EntityType>
<EntityType Name="Maker">
  <Key><PropertyRef Name="Id"/></Key>
  <Property Name="Id" Type="Edm.Guid" Nullable="false"/>
  <Property Name="Best_PartId" Type="Edm.Guid"/>
  <NavigationProperty Name="Parts" Relationship="Fiction.Model.PartMaker" FromRole="Maker" ToRole="Part"/>
  <NavigationProperty Name="BestPart" Relationship="Fiction.Model.Best" FromRole="Maker" ToRole="Part"/>
  <NavigationProperty Name="Repairs" Relationship="Fiction.Model.Repair" FromRole="Repairer" ToRole="Repaired"/>
</EntityType>
<EntityType Name="Counter">
  <Key><PropertyRef Name="Number"/></Key>
  <Property Name="Number" Type="Edm.Int32" Nullable="false"/>
</EntityType>
<Association Name="PartMaker">
  <End Role="Part" Type="Fiction.Model.Part" Multiplicity="*"/><End Role="Maker" Type="Fiction.Model.Maker" Multiplicity="0..1"/>
  <ReferentialConstraint><Principal Role="Maker"><PropertyRef Name="Id"/></Principal><Dependent Role="Part"><PropertyRef Name="MakerId"/></Dependent></ReferentialConstraint>
</Association>
<Association Name="Spare">
  <End Role="Spare" Type="Fiction.Model.Part" Multiplicity="*"/><End Role="Whole" Type="Fiction.Model.Part" Multiplicity="0..1"/>
  <ReferentialConstraint><Principal Role="Whole"><PropertyRef Name="Id"/></Principal><Dependent Role="Spare"><PropertyRef Name="SparePartOfId"/></Dependent></ReferentialConstraint>
</Association>
<Association Name="Best">
  <End Role="Maker" Type="Fiction.Model.Maker" Multiplicity="*"/><End Role="Part" Type="Fiction.Model.Part" Multiplicity="0..1"/>
  <ReferentialConstraint><Principal Role="Part"><PropertyRef Name="Id"/></Principal><Dependent Role="Maker"><PropertyRef Name="Best_PartId"/></Dependent></ReferentialConstraint>
</Association>
<Association Name="Repair">
  <End Role="Repairer" Type="Fiction.Model.Maker" Multiplicity="*"/><End Role="Repaired" Type="Fiction.Model.Part" Multiplicity="*"/>
</Association>
</Schema>
<Schema Namespace="Fiction" xmlns="http://schemas.microsoft.com/ado/2009/11/edm">
<EntityContainer Name="Store">
  <EntitySet Name="Parts" EntityType="Fiction.Model.Part"/><EntitySet Name="Makers" EntityType="Fiction.Model.Maker"/>
  <EntitySet Name="Counters" EntityType="Fiction.Model.Counter"/>
</EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;
